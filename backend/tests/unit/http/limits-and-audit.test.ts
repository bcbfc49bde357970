import { describe, expect, test } from '@jest/globals';
import type { Identity } from '../../../src/access/identity.js';
import { connectionOf } from '../../../src/http/connection-limit.js';
import { KEY, UUID, anApp, documented } from './scripted-gateway.js';

const CONNECTIONS = '/api/whatsapp-integration/connections';
const SEND = '/api/whatsapp-integration/messages/send';
const aSend = { connectionId: 'c1', to: '5511999999999', content: 'segredo' };

function aKey(name: string, changes: Partial<Identity> = {}): Identity {
  const grants = new Set(['read', 'send', 'manage'] as const);
  return { name, grants, scope: { ownerId: UUID, companyIds: [] }, ratePerMinute: null, ...changes };
}

describe('the limit per connection', () => {
  test('is one for all keys of its owner, and another for everybody else', async () => {
    const stranger = aKey('key:3', { scope: { ownerId: UUID.replace('3', '4'), companyIds: [] } });
    const identities = { sntl_1: aKey('key:1'), sntl_2: aKey('key:2'), sntl_3: stranger };
    const { http } = anApp({ apiKey: KEY, connectionRatePerMinute: 2, identities });
    const get = (key: string, id = 'c1') => documented(http.get(`${CONNECTIONS}/${id}`).set('x-api-key', key));
    for (let i = 0; i < 3; i++) await get('sntl_3');
    expect([(await get('sntl_1')).status, (await get('sntl_2')).status]).toEqual([200, 200]);
    const refused = await get('sntl_2');
    expect([refused.status, Number(refused.get('Retry-After')) > 0]).toEqual([429, true]);
    expect((await documented(http.post(SEND).set('x-api-key', 'sntl_1').send(aSend))).status).toBe(429);
    expect((await get('sntl_1', 'c2')).status).toBe(200);
  });

  test.each<[string, object, string | null]>([
    [`${CONNECTIONS}/:id`, { params: { id: 'c1' } }, 'c1'],
    ['/clients/:id/send', { params: { id: 'c1' }, body: { connectionId: 'c2' } }, 'c1'],
    ['/keys/:id', { params: { id: 'c1' } }, null],
    [SEND, { body: { connectionId: 'c1' } }, 'c1'],
    [SEND, { body: { connectionId: { a: 1 } } }, null],
    [SEND, { body: undefined }, null],
    ['/x', { query: { connectionId: 'c1' } }, 'c1'],
    ['/x', { params: { id: 'c1' } }, null],
  ])('%s with %j is about %s', (path, raw, id) => {
    expect(connectionOf({ path }, raw)).toBe(id);
  });
});

describe('the audit', () => {
  const identities = { sntl_1: aKey('key:1', { grants: new Set(['read'] as const) }) };

  test('has what changes something and what links, however it ended; not what only reads', async () => {
    const { http, audit } = anApp({ apiKey: KEY, identities });
    const root = { 'x-api-key': KEY };
    await http.get(CONNECTIONS).set(root);
    await http.get(`${CONNECTIONS}/c1/qr`).set(root);
    await http.post(SEND).set(root).send(aSend);
    await http.post(SEND).set(root).send({ connectionId: 'c1' });
    await http.delete(`${CONNECTIONS}/c1`).set('x-api-key', 'sntl_1');
    expect(
      audit.map(({ caller, operation, connectionId, status, error }) => [
        caller,
        operation,
        connectionId,
        status,
        error,
      ]),
    ).toEqual([
      ['root', 'getQr', 'c1', 200, null],
      ['root', 'sendMessage', 'c1', 201, null],
      ['root', 'sendMessage', 'c1', 400, 'BAD_REQUEST'],
      ['key:1', 'deleteConnection', 'c1', 403, 'FORBIDDEN'],
    ]);
    expect(JSON.stringify(audit)).not.toContain('segredo');
  });

  test('has no strangers: they would fill it', async () => {
    const { http, audit } = anApp({ apiKey: KEY });
    expect((await http.delete(`${CONNECTIONS}/c1`)).status).toBe(401);
    expect(audit).toEqual([]);
  });

  test('keeps what a path named as a text that a database can have', async () => {
    const { http, audit } = anApp();
    await http.delete(`${CONNECTIONS}/%00x`);
    expect(audit).toMatchObject([{ caller: 'anonymous', connectionId: null, target: { id: '\ufffdx' }, status: 400 }]);
  });
});
