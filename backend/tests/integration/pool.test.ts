import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ClientResource, PoolStats } from '../../src/integration/client-resources.js';
import type { SentMessageResource } from '../../src/integration/resources.js';
import { anApiKey, as, ROOT_KEY } from '../support/access.js';
import { aGateway, aNumber, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

/** One gateway, two owners: A with three numbers, B with one. */
const gateway = aGateway({ API_KEY: ROOT_KEY });
const a = { owner: randomUUID(), key: '', clients: [] as PairedConnection[] };
const b = { owner: randomUUID(), key: '', clients: [] as PairedConnection[] };
const nobody = { owner: randomUUID(), key: '' };
type Owner = { key: string };

/** Creates a client over the pool's own route and has a phone scan it. */
async function aPairedClient({ key }: Owner, clientId: string): Promise<PairedConnection> {
  const { status } = await gateway.http.post('/clients', { clientId }, as(key));
  expect(status).toBe(201);
  const phone = gateway.simulator.createPhone({ number: aNumber(), name: clientId });
  const companion = await phone.scan(
    await until(`the QR of ${clientId}`, () => gateway.parts.pool.get(clientId)?.qr?.code),
  );
  await untilStatus({ key }, clientId, 'ready');
  return { id: clientId, phone, companion };
}

const all = async ({ key }: Owner) => (await gateway.http.get<ClientResource[]>('/clients/all', as(key))).body;
const ids = async ({ key }: Owner) => (await gateway.http.get<string[]>('/clients', as(key))).body;
const stats = async ({ key }: Owner) => (await gateway.http.get<PoolStats>('/stats', as(key))).body;
const one = async (owner: Owner, id: string) => (await all(owner)).find(({ clientId }) => clientId === id)!;
const untilStatus = (owner: Owner, id: string, status: string) =>
  until(`${id} to be ${status}`, async () => (await one(owner, id)).status === status);
const command = ({ key }: Owner, id: string, verb: string) =>
  gateway.http.post<{ client: ClientResource }>(`/clients/${id}/${verb}`, undefined, as(key));
const sendBy = ({ key }: Owner, where: string, body: object, headers: Record<string, string> = {}) =>
  gateway.http.post<{ message: SentMessageResource }>(`/clients/${where}`, body, { ...as(key), ...headers });
const sent = () => gateway.simulator.history.of('send.received').length;

beforeAll(async () => {
  for (const who of [a, b, nobody]) who.key = (await anApiKey(gateway, { ownerId: who.owner })).key;
  for (const id of ['a1', 'a2', 'a3']) a.clients.push(await aPairedClient(a, id));
  b.clients.push(await aPairedClient(b, 'b1'));
}, 60_000);

test('each owner sees their own clients, with number and figures, and the root sees all', async () => {
  expect([await ids(a), await ids(b), await ids(nobody)]).toEqual([['a1', 'a2', 'a3'], ['b1'], []]);
  expect(await ids({ key: ROOT_KEY })).toEqual(['a1', 'a2', 'a3', 'b1']);
  expect(await one(b, 'b1')).toEqual({
    ...{ clientId: 'b1', status: 'ready', phoneNumber: b.clients[0]!.phone.number, qrCode: null, isReady: true },
    metadata: {
      ...{ createdAt: expect.any(String), lastQRAt: expect.any(String), connectedAt: expect.any(String) },
      messageCount: expect.any(Number),
    },
  });
  expect(await stats(nobody)).toMatchObject({
    totalCreated: 0,
    currentClients: 0,
    readyClients: 0,
    clientsByStatus: {},
  });
});

test('a client without an id is named by the gateway, and its code is for who may link', async () => {
  const created = await gateway.http.post<{ client: ClientResource }>('/clients', {}, as(nobody.key));
  expect([created.status, created.body.client.clientId]).toEqual([201, expect.stringMatching(/^client_\d{13}$/)]);
  const { clientId } = created.body.client;
  const shown = await until('its code', async () => (await one(nobody, clientId)).qrCode);
  expect(shown).toMatch(/^data:image\/png;base64,/);
  const { key } = await anApiKey(gateway, { ownerId: nobody.owner, grants: ['read'] });
  expect(await one({ key }, clientId)).toMatchObject({ status: 'qr_ready', qrCode: null });
  await gateway.http.delete(`/api/whatsapp-integration/connections/${clientId}`, as(nobody.key));
}, 60_000);

describe('sending', () => {
  test('by a given client: its customer has it, and the same key is the same message on both routes', async () => {
    const customer = gateway.aCustomer();
    const key = { 'Idempotency-Key': 'pedido-1' };
    const first = await sendBy(a, 'a2/send', { to: customer.number, text: 'Olá' }, key);
    expect([first.status, first.body.message.connectionId]).toEqual([201, 'a2']);
    const again = await sendBy(a, 'a2/send', { to: customer.number, content: 'Olá' }, key);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
    expect(again.body.message.whatsappId).toBe(first.body.message.whatsappId);
    const elsewhere = await gateway.http.post<{ message: SentMessageResource }>(
      '/api/whatsapp-integration/messages/send',
      { connectionId: 'a2', to: customer.number, content: 'Olá' },
      { ...as(a.key), ...key },
    );
    expect(elsewhere.body.message.whatsappId).toBe(first.body.message.whatsappId);
    const other = await sendBy(a, 'a2/send', { to: customer.number, text: 'outra coisa' }, key);
    expect(verdict(other)).toBe('409 IDEMPOTENCY_CONFLICT');
  });

  test('by any client: they take turns, and only ready ones of the caller are asked', async () => {
    const customer = gateway.aCustomer();
    await command(a, 'a3', 'disconnect');
    const by = new Map<string, number>();
    for (let n = 0; n < 8; n += 1) {
      const { status, body } = await sendBy(a, 'send', { to: customer.number, text: `oi ${n}` });
      expect(status).toBe(201);
      by.set(body.message.connectionId, (by.get(body.message.connectionId) ?? 0) + 1);
    }
    expect(Object.fromEntries(by)).toEqual({ a1: 4, a2: 4 });
    await command(a, 'a3', 'reconnect');
    await untilStatus(a, 'a3', 'ready');
    const next = await sendBy(a, 'send', { to: customer.number, text: 'de novo' });
    expect(next.body.message.connectionId).toBe('a3');
    expect(verdict(await sendBy(nobody, 'send', { to: customer.number, text: 'x' }))).toBe('409 NOT_CONNECTED');
  });

  test('by any client: a repeated key is answered by the client and id of the first time, at once or after a restart', async () => {
    const customer = gateway.aCustomer();
    const key = { 'Idempotency-Key': 'campanha-7' };
    const before = sent();
    const ask = () => sendBy(a, 'send', { to: customer.number, text: 'promoção' }, key);
    const answers = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const takenBy = new Set(answers.map(({ body }) => `${body.message.connectionId} ${body.message.whatsappId}`));
    expect([takenBy.size, sent() - before]).toEqual([1, 1]);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    await gateway.restart();
    for (const id of ['a1', 'a2', 'a3']) await untilStatus(a, id, 'ready');
    const { connectionId, whatsappId } = (await ask()).body.message;
    expect(`${connectionId} ${whatsappId}`).toBe([...takenBy][0]);
    const changed = await sendBy(a, 'send', { to: customer.number, text: 'outra' }, key);
    expect(verdict(changed)).toBe('409 IDEMPOTENCY_CONFLICT');
    // Of two owners the same key is two messages.
    const others = await sendBy(b, 'send', { to: customer.number, text: 'promoção' }, key);
    expect([others.status, others.body.message.connectionId]).toEqual([201, 'b1']);
  }, 60_000);

  test('by any client: a paused one is skipped, and when all are paused nothing is accepted', async () => {
    const customer = gateway.aCustomer();
    const lockedUntil = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);
    const pause = async (client: PairedConnection, end: Date | null) => {
      client.phone.lockReachout(end);
      await until('it to be known', () => (gateway.parts.pool.get(client.id)?.care.pause === null) === (end === null));
    };
    await pause(a.clients[0]!, lockedUntil);
    const by = new Set<string>();
    for (let n = 0; n < 4; n += 1) {
      by.add((await sendBy(a, 'send', { to: customer.number, text: `${n}` })).body.message.connectionId);
    }
    expect(by).toEqual(new Set(['a2', 'a3']));
    for (const client of a.clients.slice(1)) await pause(client, lockedUntil);
    const before = sent();
    const refused = await sendBy(a, 'send', { to: customer.number, text: 'x' });
    expect([verdict(refused), sent()]).toEqual(['409 NEW_CHATS_PAUSED', before]);
    for (const client of a.clients) await pause(client, null);
  });

  test('by any client: one whose rate is used up is skipped; when all are, the answer says when to come back', async () => {
    const customer = gateway.aCustomer();
    await gateway.restart({ SEND_RATE_PER_MINUTE: '2' });
    for (const id of ['a1', 'a2', 'a3']) await untilStatus(a, id, 'ready');
    const by: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      by.push((await sendBy(a, 'send', { to: customer.number, text: `${n}` })).body.message.connectionId);
    }
    expect(by.sort()).toEqual(['a1', 'a2', 'a3']);
    const refused = await sendBy(a, 'send', { to: customer.number, text: 'x' });
    expect(verdict(refused)).toBe('429 RATE_LIMITED');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await gateway.restart();
    for (const id of ['a1', 'a2', 'a3']) await untilStatus(a, id, 'ready');
  }, 60_000);
});

describe('lives', () => {
  test('disconnect keeps the session, reconnect takes it up, restore leaves alone what a person has disconnected', async () => {
    expect((await command(a, 'a1', 'disconnect')).body.client).toMatchObject({
      status: 'disconnected',
      isReady: false,
    });
    const restored = await gateway.http.post('/clients/restore', undefined, as(a.key));
    expect(restored.body).toMatchObject({ restored: 2, total: 2, message: '2/2 sessões restauradas' });
    expect(await one(a, 'a1')).toMatchObject({ status: 'disconnected' });
    expect((await command(a, 'a1', 'reconnect')).status).toBe(200);
    await untilStatus(a, 'a1', 'ready');
    const nothing = await gateway.http.post('/clients/restore', undefined, as(nobody.key));
    expect(nothing.body).toMatchObject({ restored: 0, total: 0, message: '0/0 sessões restauradas' });
  });

  test('logout removes the session: the phone lists it no more, and the client can be linked again', async () => {
    const client = await aPairedClient(b, 'b2');
    const out = await command(b, 'b2', 'logout');
    expect(out.body.client).toMatchObject({ status: 'disconnected', phoneNumber: null, isReady: false });
    expect(verdict(await sendBy(b, 'b2/send', { to: aNumber(), text: 'x' }))).toBe('409 LOGGED_OUT');
    await command(b, 'b2', 'reconnect');
    const code = await until('a new code', () => gateway.parts.pool.get('b2')?.qr?.code);
    await client.phone.scan(code);
    await untilStatus(b, 'b2', 'ready');
  }, 60_000);

  test('delete forgets it: the phone lists it no more, its rows stay, and the name is free', async () => {
    const id = 'b-weg';
    const { phone } = await aPairedClient(b, id);
    const customer = gateway.aCustomer();
    await gateway.crm.mensagem(id, customer.send(phone, 'fica').id);
    const gone = await gateway.http.delete(`/clients/${id}`, as(b.key));
    expect([gone.status, gone.body]).toEqual([200, { success: true }]);
    expect(await ids(b)).not.toContain(id);
    expect(verdict(await gateway.http.delete(`/clients/${id}`, as(b.key)))).toBe('404 CONNECTION_NOT_FOUND');
    expect(await gateway.crm.mensagens(id)).toHaveLength(1);
    expect((await gateway.http.post('/clients', { clientId: id }, as(b.key))).status).toBe(201);
    await gateway.http.delete(`/clients/${id}`, as(b.key));
  }, 60_000);

  test('nobody touches a client of somebody else, or learns that it is there', async () => {
    const answers = [
      ...(await Promise.all(['disconnect', 'reconnect', 'logout'].map((verb) => command(b, 'a1', verb)))),
      await sendBy(b, 'a1/send', { to: aNumber(), text: 'x' }),
      await gateway.http.delete('/clients/a1', as(b.key)),
      await gateway.http.post('/clients', { clientId: 'a1' }, as(b.key)),
      await gateway.http.post('/clients', { clientId: 'novo', ownerId: a.owner }, as(b.key)),
    ];
    const [missing, unknown] = ['404 CONNECTION_NOT_FOUND', await command(b, 'never-there', 'logout')];
    expect(answers.map(verdict)).toEqual([
      ...[missing, missing, missing, missing, missing, '409 CONNECTION_TAKEN', '403 FORBIDDEN'],
    ]);
    expect(verdict(unknown)).toBe(missing);
    expect(await one(a, 'a1')).toMatchObject({ status: 'ready' });
  });
});

test('the totals count what happened, and survive restarts and deletions', async () => {
  const before = await stats(b);
  const others = await ids(b);
  const client = await aPairedClient(b, 'b3');
  const customer = gateway.aCustomer();
  await customer.send(client.phone, 'bom dia').receipted;
  expect((await sendBy(b, 'b3/send', { to: customer.number, text: 'pois não' })).status).toBe(201);
  await until('both messages', async () => (await one(b, 'b3')).metadata.messageCount >= 2);
  expect((await one(b, 'b3')).metadata.messageCount).toBe(2);
  await command(b, 'b3', 'disconnect');
  const expected = {
    totalCreated: before.totalCreated + 1,
    totalDisconnected: before.totalDisconnected + 1,
    totalMessages: before.totalMessages + 2,
    currentClients: before.currentClients + 1,
  };
  expect(await stats(b)).toMatchObject({ ...expected, maxClients: 100 });
  // What becomes ready again after pairing counts, too.
  const { totalConnected } = await stats(b);
  expect(totalConnected).toBeGreaterThan(before.totalConnected);
  await gateway.restart();
  for (const id of others) await untilStatus(b, id, 'ready');
  // The others were cut by the restart and came back.
  const restarted = await stats(b);
  expect(restarted).toMatchObject({ totalCreated: expected.totalCreated, totalMessages: expected.totalMessages });
  expect(restarted.totalConnected).toBe(totalConnected + others.length);
  expect(restarted.totalDisconnected).toBe(expected.totalDisconnected + others.length);
  await gateway.http.delete('/api/whatsapp-integration/connections/b3', as(b.key));
  expect(await stats(b)).toEqual({
    ...restarted,
    currentClients: before.currentClients,
    clientsByStatus: { ready: others.length },
  });
}, 60_000);
