import { describe, expect, test } from '@jest/globals';
import { io } from 'socket.io-client';
import { partyOf } from '../../src/lib/party.js';
import type { InstanceResource } from '../../src/integration/instances/instance-resource.js';
import type { ConnectionResource } from '../../src/integration/resources.js';
import { anApiKey, as, KEYS, ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { aGateway, CONNECTIONS, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway({
  ...{ API_KEY: ROOT_KEY, EVOLUTION_WEBHOOK_SECRET: 'a-secret-of-the-webhooks', DEFAULT_OWNER_ID: 'matriz' },
});
const root = as(ROOT_KEY);
const tokenOf = (sub: string, claims: object = {}) => as(aUserToken(gateway.database.jwtSecret, sub, { ...claims }));

type One = { connection: ConnectionResource };
const create = (body: object, headers = root) => gateway.http.post<One>(CONNECTIONS, body, headers);
const idsOf = async (headers: Record<string, string>) => {
  const { body } = await gateway.http.get<{ data: ConnectionResource[] }>(CONNECTIONS, headers);
  return body.data.map(({ id }) => id).sort();
};

describe('owners and companies of systems whose ids are no UUIDs', () => {
  test('the line of their documentation works as written; the text is kept, shown and in the row', async () => {
    const body = {
      ...{ connectionId: 'minha-conexao-1', name: 'Conexão Principal' },
      ...{ ownerId: 'user-uuid-here', companyId: 'company-uuid-here' },
    };
    const { status, body: answer } = await create(body);
    const whose = {
      ...{ ownerId: partyOf('user-uuid-here').id, ownerText: 'user-uuid-here' },
      ...{ companyId: partyOf('company-uuid-here').id, companyText: 'company-uuid-here' },
    };
    expect([status, answer.connection]).toEqual([201, expect.objectContaining(whose)]);
    expect(verdict(await create(body))).toBe('200');
    expect(verdict(await create({ ...body, ownerId: 'User-UUID-here' }))).toBe('409 CONNECTION_TAKEN');
    // By its UUID it is the same owner.
    expect(verdict(await create({ ...body, ownerId: whose.ownerId.toUpperCase() }))).toBe('200');
    const row = await until('its row', async () => (await gateway.crm.rows('whatsapp_sessions', {}))[0] ?? null);
    expect(row).toMatchObject({
      ...{ session_name: 'minha-conexao-1', owner_id: whose.ownerId, owner_texto: 'user-uuid-here' },
      company_texto: 'company-uuid-here',
    });
    await gateway.restart();
    const { body: list } = await gateway.http.get<{ data: ConnectionResource[] }>(CONNECTIONS, root);
    expect(list.data).toEqual([expect.objectContaining(whose)]);
  });

  test('who is not named is the owner of the settings, by their text', async () => {
    const { body } = await create({ connectionId: 'sem-dono' });
    expect(body.connection).toMatchObject({ ownerId: partyOf('matriz').id, ownerText: 'matriz' });
  });

  test('a key and a token that are named by a text see theirs, and nothing of a text that is written otherwise', async () => {
    await create({ connectionId: 'de-ana', ownerId: 'ana' });
    await create({ connectionId: 'da-loja', ownerId: 'bia', companyId: 'loja-7' });
    const { key, apiKey } = await anApiKey(gateway, { ownerId: 'ana', companyIds: ['loja-7'] });
    expect(apiKey).toMatchObject({ ownerText: 'ana', companyTexts: ['loja-7'], ownerId: partyOf('ana').id });
    expect(await idsOf(as(key))).toEqual(['da-loja', 'de-ana']);
    const { body } = await gateway.http.get<{ data: object[] }>(KEYS, root);
    expect(body.data).toContainEqual(expect.objectContaining({ id: apiKey.id, ownerText: 'ana' }));
    expect(await idsOf(tokenOf('ana'))).toEqual(['de-ana']);
    expect(await idsOf(tokenOf('ana', { app_metadata: { company_ids: ['loja-7'] } }))).toEqual(['da-loja', 'de-ana']);
    expect(await idsOf(tokenOf('ana', { user_metadata: { company_ids: ['loja-7'] } }))).toEqual(['de-ana']);
    expect(await idsOf(tokenOf('Ana'))).toEqual([]);
    expect((await gateway.http.get(CONNECTIONS, tokenOf('  '))).status).toBe(401);
    // What they make is theirs, text and all.
    expect((await create({ connectionId: 'outra-de-ana' }, as(key))).body.connection).toMatchObject({
      ownerText: 'ana',
    });
    expect(verdict(await create({ connectionId: 'alheia', ownerId: 'bia' }, as(key)))).toBe('403 FORBIDDEN');
  });

  test('webhooks and templates take them, too', async () => {
    const url = 'https://example.com/hook';
    const hook = await gateway.http.post<{ webhook: object }>(
      '/api/whatsapp-bootstrap/webhooks',
      { url, companyId: 'loja-7' },
      root,
    );
    expect(hook.body.webhook).toMatchObject({
      companyText: 'loja-7',
      companyId: partyOf('loja-7').id,
      ownerText: null,
    });
    const template = await gateway.http.post<{ modelo: object }>(
      '/api/whatsapp-integration/templates',
      { nome: 'oi', texto: 'Oi!', ownerId: 'ana' },
      root,
    );
    expect(template.body.modelo).toMatchObject({ owner_id: partyOf('ana').id, owner_texto: 'ana' });
    const one = await gateway.http.post<{ client: object }>('/clients', { clientId: 'c-9', ownerId: 'ana' }, root);
    expect(one.status).toBe(201);
    expect((await gateway.connection('c-9').catch(() => null)) ?? (await idsOf(tokenOf('ana')))).toContain('c-9');
  });

  test.each([' ', 'x'.repeat(201), 'a\u0000b', 7, {}])('%j is refused by name', async (ownerId) => {
    const { status, body } = await create({ connectionId: 'nunca', ownerId });
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining('body.ownerId')]);
  });
});

describe('the instance of a user whose id is a text', () => {
  type Connected = { instance: InstanceResource; code: string | null };
  const connect = (body: object | undefined, headers = root) =>
    gateway.http.post<Connected>('/api/whatsapp/connect', body, headers);

  test('is user_<id>; its UUID, their token and the row of whatsapp_instances mean the same one', async () => {
    const first = await connect({ userId: '123', organizationId: 'org-1' });
    const whose = { instanceName: 'user_123', userId: partyOf('123').id, userText: '123', organizationText: 'org-1' };
    expect([first.status, first.body.instance]).toEqual([201, expect.objectContaining(whose)]);
    const again = await Promise.all([
      connect({ userId: '123' }),
      connect({ userId: partyOf('123').id }),
      connect(undefined, tokenOf('123', { app_metadata: { company_ids: ['org-1'] } })),
    ]);
    expect(again.map(({ status, body }) => [status, body.instance.id])).toEqual(
      Array.from({ length: 3 }, () => [200, first.body.instance.id]),
    );
    const row = await until('the row', async () => (await gateway.crm.rows('whatsapp_instances', {}))[0] ?? null);
    expect(row).toMatchObject({ instance_name: 'user_123', user_id: partyOf('123').id });
    const seen = await gateway.http.get<Connected>('/api/whatsapp/instance?userId=123', root);
    expect(seen.body.instance).toMatchObject(whose);
  });

  test('a text that cannot be a name stands under its UUID', async () => {
    const { body } = await connect({ userId: 'auth0|ana@loja.com' });
    const { id } = partyOf('auth0|ana@loja.com');
    expect(body.instance).toMatchObject({ instanceName: `user_${id}`, userId: id, userText: 'auth0|ana@loja.com' });
  });

  test('nobody else takes the name', async () => {
    const { key } = await anApiKey(gateway, { ownerId: 'mallory' });
    expect(verdict(await create({ connectionId: 'user_456' }, as(key)))).toBe('403 FORBIDDEN');
    expect((await connect({ userId: '456' })).status).toBe(201);
  });

  test('events of an Evolution server at /user/<id> are theirs, and they hear of them', async () => {
    const { url } = gateway.parts.http.address();
    const token = aUserToken(gateway.database.jwtSecret, '789');
    const socket = io(`${url}/notifications`, { transports: ['websocket'], auth: { token }, reconnection: false });
    const told: { type: string }[] = [];
    socket.on('notification', (one: { type: string }) => void told.push(one));
    try {
      await until('the socket', () => socket.connected);
      const answer = await gateway.http.post<{ connectionId: string }>(
        '/api/webhook/user/789',
        { event: 'connection.update', data: { state: 'open' } },
        { 'x-webhook-secret': 'a-secret-of-the-webhooks' },
      );
      expect([answer.status, answer.body.connectionId]).toEqual([200, 'user_789']);
      await until('the status', () => told.some(({ type }) => type === 'whatsapp_status'));
      expect(await idsOf(tokenOf('789'))).toEqual(['user_789']);
    } finally {
      socket.close();
    }
  });
});
