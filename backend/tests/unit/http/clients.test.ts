import { describe, expect, test } from '@jest/globals';
import { GatewayError, type ErrorCode } from '../../../src/lib/errors.js';
import { anApp, documented, KEY, UUID } from './scripted-gateway.js';
import { aClient } from './scripted-pool.js';

const scope = { ownerId: UUID, companyIds: [] };
const identity = (grants: ('read' | 'send' | 'manage')[]) => ({
  ...{ name: `key:${UUID}`, grants: new Set(grants), scope, ratePerMinute: null },
});

describe('the pool routes answer in the shapes that its users know', () => {
  test('GET /clients is a bare list of ids, GET /clients/all one of clients, GET /stats the bare figures', async () => {
    const { http } = anApp();
    const [ids, all, stats] = [
      await documented(http.get('/clients')),
      await documented(http.get('/clients/all')),
      await documented(http.get('/stats')),
    ];
    expect(ids.body).toEqual(['c1']);
    expect(all.body).toEqual([aClient({ qrCode: 'data:image/png;base64,AA==' })]);
    expect(stats.body).toMatchObject({ totalCreated: 2, maxClients: 10, clientsByStatus: { ready: 1 } });
  });

  test('a QR code is shown to whoever may link, and to nobody else', async () => {
    const identities = { sntl_r: identity(['read']), sntl_m: identity(['read', 'manage']) };
    const { http } = anApp({ apiKey: KEY, identities });
    const codeFor = async (key: string) => {
      const res = await documented(http.get('/clients/all').set('authorization', `Bearer ${key}`));
      return (res.body as { qrCode: string | null }[])[0]?.qrCode;
    };
    expect([await codeFor('sntl_r'), await codeFor('sntl_m')]).toEqual([null, 'data:image/png;base64,AA==']);
  });

  test('create, disconnect, reconnect, logout, restore', async () => {
    const { http, calls } = anApp();
    const created = await documented(http.post('/clients').send({ clientId: 'loja-2', name: 'Loja 2' }));
    expect([created.status, created.body]).toEqual([201, { success: true, client: aClient({ clientId: 'loja-2' }) }]);
    for (const verb of ['disconnect', 'reconnect', 'logout']) {
      const res = await documented(http.post(`/clients/c9/${verb}`));
      expect([res.status, res.body]).toEqual([200, { success: true, client: aClient({ clientId: 'c9' }) }]);
    }
    const restored = await documented(http.post('/clients/restore'));
    expect(restored.body).toEqual({ success: true, restored: 1, total: 2, message: '1/2 sessões restauradas' });
    expect(calls.map(({ name }) => name)).toEqual(['create', 'disconnect', 'reconnect', 'logout', 'restore']);
  });

  test('send by a client: its text under either name, and the key of messages/send', async () => {
    const { http, calls } = anApp();
    for (const body of [{ text: 'Olá' }, { content: 'Olá' }]) {
      const request = http.post('/clients/c1/send?wait=0').set('Idempotency-Key', 'k1');
      expect((await documented(request.send({ to: '5511988887777', ...body }))).status).toBe(202);
    }
    await http
      .post('/api/whatsapp-integration/messages/send?wait=0')
      .set('Idempotency-Key', 'k1')
      .send({ connectionId: 'c1', to: '5511988887777', content: 'Olá' });
    const inputs = calls.map(({ args }) => args[0]);
    expect(inputs[0]).toMatchObject({
      connectionId: 'c1',
      to: '5511988887777',
      message: { type: 'text', text: 'Olá' },
    });
    expect(inputs[1]).toEqual(inputs[0]);
    expect(inputs[2]).toEqual(inputs[0]);
  });

  test('send by any: no client is named, and a repetition says so', async () => {
    const { http, calls } = anApp();
    const request = http.post('/clients/send').set('Idempotency-Key', 'k1');
    const res = await documented(request.send({ to: '5511988887777', text: 'Olá' }));
    expect([res.status, res.get('Idempotent-Replayed')]).toEqual([201, 'true']);
    expect(calls[0]).toMatchObject({
      name: 'sendByAny',
      args: [{ idempotency: { scope: 'anonymous:*', key: 'k1' } }, null],
    });
  });

  test.each<[ErrorCode, number, string | undefined]>([
    ['NOT_CONNECTED', 409, undefined],
    ['RATE_LIMITED', 429, '7'],
    ['NEW_CHATS_PAUSED', 409, undefined],
  ])('nobody to send by: %s', async (code, status, retryAfter) => {
    const details = retryAfter ? { retryAfterS: Number(retryAfter) } : undefined;
    const error = new GatewayError(code, undefined, { details });
    const { http } = anApp({ integration: { sendByAny: () => Promise.reject(error) } });
    const res = await documented(http.post('/clients/send').send({ to: '5511988887777', text: 'Olá' }));
    expect([res.status, res.get('Retry-After')]).toEqual([status, retryAfter]);
  });
});

describe('a bad field is named, with the fix', () => {
  const to = '5511988887777';
  test.each<[string, object, string, string, string]>([
    ['/clients', { clientId: '../x' }, 'BAD_REQUEST', 'body.clientId', 'must be 1 to 64'],
    ['/clients', { clientId: 'a', ownerId: '' }, 'BAD_REQUEST', 'body.ownerId', 'UUID'],
    ['/clients/c1/send', { to }, 'BAD_REQUEST', 'body.content', 'is missing: type text needs it'],
    ['/clients/c1/send', { to, text: '' }, 'EMPTY_MESSAGE', 'body.text', 'must not be empty'],
    ['/clients/c1/send', { to, text: ' ' }, 'EMPTY_MESSAGE', 'body.text', 'must not be empty'],
    ['/clients/c1/send', { to, text: 'a', content: 'b' }, 'BAD_REQUEST', 'body.text', 'beside content'],
    ['/clients/c1/send', { text: 'a' }, 'BAD_REQUEST', 'body.to', 'is missing'],
    ['/clients/a%2Fb/send', { to, text: 'a' }, 'BAD_REQUEST', 'params.id', 'must be 1 to 64'],
    ['/clients/send', { to, text: 7 }, 'BAD_REQUEST', 'body.text', 'must be a string'],
    ['/clients/send', { to, text: 'a', replyTo: 'x' }, 'BAD_REQUEST', 'body.replyTo', 'must be left out'],
    ['/clients/send', { type: 'edit', to, text: 'a' }, 'UNSUPPORTED_TYPE', 'body.type', 'must be one of'],
    ['/clients/-x/logout', {}, 'BAD_REQUEST', 'params.id', 'must be 1 to 64'],
  ])('%s %j', async (path, body, code, field, problem) => {
    const { http } = anApp();
    const res = await documented(http.post(path).send(body));
    expect([res.status, (res.body as { error: { code: string } }).error.code]).toEqual([400, code]);
    const details = (res.body as { error: { details: { field: string; problem: string }[] } }).error.details;
    expect(details).toContainEqual({ field, problem: expect.stringContaining(problem) });
    expect(new Set(details.map((each) => JSON.stringify(each))).size).toBe(details.length);
  });
});
