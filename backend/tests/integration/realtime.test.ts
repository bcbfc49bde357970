import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { NewEvent } from '../../src/journal/webhooks/records.js';
import { anApiKey, as, KEYS, ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { aGateway, aNumber, CONNECTIONS } from '../support/gateway.js';
import { SocketClient } from '../support/socket-client.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** A and B are users with a paired number each; B's belongs to a company, in which C is a colleague. D is a stranger. */
const gateway = aGateway({
  API_KEY: ROOT_KEY,
  OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1',
  REALTIME_MAX_CLIENTS_PER_IDENTITY: '5',
  CORS_ORIGIN: 'https://crm.example',
});
const company = randomUUID();
const [a, b, c, d] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
const jwt = (id: string, claims: Record<string, unknown> = {}) => aUserToken(gateway.database.jwtSecret, id, claims);
const tokenOf = {
  a: () => jwt(a),
  b: () => jwt(b),
  c: () => jwt(c, { app_metadata: { company_ids: [company] } }),
  d: () => jwt(d, { user_metadata: { company_ids: [company] } }),
};
const phones: Record<string, Awaited<ReturnType<typeof gateway.simulator.createPhone>>> = {};
const clients: SocketClient[] = [];

async function aClient(options: ConstructorParameters<typeof SocketClient>[1] = {}): Promise<SocketClient> {
  const client = await SocketClient.ready(gateway.http.baseUrl, options);
  clients.push(client);
  return client;
}

/** Somebody who is not let in. @returns why */
async function refused(options: ConstructorParameters<typeof SocketClient>[1]) {
  const client = new SocketClient(gateway.http.baseUrl, options);
  clients.push(client);
  return until('the refusal', () => client.refused);
}

function anEvent(changes: Partial<NewEvent> = {}): NewEvent {
  const nobodys = { connectionId: null, ownerId: null, companyId: null, expiresAt: null };
  return { ...nobodys, id: `evt_${randomUUID()}`, type: 'messageReceived', at: Date.now(), data: {}, ...changes };
}

/** Tells an event through the log, as the projector does. */
async function told(changes: Partial<NewEvent> = {}): Promise<string> {
  const event = anEvent(changes);
  await gateway.parts.journal.webhooks.append([event]);
  return event.id;
}

beforeAll(async () => {
  for (const [id, ownerId, companyId] of [
    ['loja-a', a, undefined],
    ['loja-b', b, company],
  ] as const) {
    await gateway.http.post(CONNECTIONS, { connectionId: id, ownerId, companyId }, as(ROOT_KEY));
    const phone = gateway.simulator.createPhone({ number: aNumber(), name: 'Loja' });
    phones[id] = phone;
    await phone.scan(await until('a QR', () => gateway.parts.pool.get(id)?.qr?.code));
    await until('it to be ready', () => gateway.parts.pool.get(id)?.estado === 'ready');
  }
}, 60_000);

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

describe('who is let in', () => {
  test.each<[string, () => ConstructorParameters<typeof SocketClient>[1], string]>([
    ['no key', () => ({}), 'UNAUTHORIZED'],
    ['a wrong key', () => ({ token: `${ROOT_KEY}x` }), 'UNAUTHORIZED'],
    [
      'a token of another project',
      () => ({ token: aUserToken('another-secret-of-32-characters!!', a) }),
      'UNAUTHORIZED',
    ],
    ['an expired token', () => ({ token: jwt(a, { exp: 1_700_000_000 }) }), 'UNAUTHORIZED'],
    ['a bad since', () => ({ token: ROOT_KEY, since: 'x'.repeat(65) }), 'BAD_REQUEST'],
    ['a bad list', () => ({ token: ROOT_KEY, connections: 'loja-a' as never }), 'BAD_REQUEST'],
  ])('%s is refused with a code', async (_what, options, code) => {
    const { message, data } = await refused(options());
    expect(data?.code).toBe(code);
    expect(message).not.toContain(ROOT_KEY);
  });

  test('a key without read is refused; one with read comes in, by auth or by header, by either transport', async () => {
    const mute = await anApiKey(gateway, { ownerId: a, grants: ['send'] });
    expect((await refused({ token: mute.key })).data?.code).toBe('FORBIDDEN');
    const { key } = await anApiKey(gateway, { ownerId: a, grants: ['read'] });
    await aClient({ token: key });
    await aClient({ headers: { authorization: `Bearer ${key}` }, transports: ['polling'] });
    await aClient({ headers: { 'x-api-key': key }, transports: ['polling', 'websocket'] });
  });

  test('a page of another origin is refused, one of CORS_ORIGIN comes in', async () => {
    await refused({ token: ROOT_KEY, headers: { origin: 'https://evil.example' } });
    await aClient({ token: ROOT_KEY, headers: { origin: 'https://crm.example' } });
  });

  test('one key has so many sockets and no more', async () => {
    const { key } = await anApiKey(gateway, { ownerId: a, grants: ['read'] });
    for (let count = 0; count < 5; count++) await aClient({ token: key });
    expect((await refused({ token: key })).data).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    clients.pop();
    clients.pop()!.close();
    await until('the place', () => gateway.parts.realtime.server.figures.clients < 5);
    await aClient({ token: key });
  });
});

describe('who hears what', () => {
  test('a message that comes in is heard by its owner, its company, and who sees everything; by nobody else', async () => {
    const root = await aClient({ token: ROOT_KEY });
    const [ofA, ofB, colleague, stranger] = await Promise.all(
      [tokenOf.a, tokenOf.b, tokenOf.c, tokenOf.d].map((token) => aClient({ token: token() })),
    );
    const onlyA = await anApiKey(gateway, { ownerId: b, companyIds: [company], connectionIds: ['loja-a'] });
    const onlyB = await anApiKey(gateway, { ownerId: d, companyIds: [company], connectionIds: ['loja-b'] });
    const [deaf, limited] = [await aClient({ token: onlyA.key }), await aClient({ token: onlyB.key })];
    const narrowed = await aClient({ token: ROOT_KEY, connections: ['loja-a'] });
    gateway.aCustomer().send(phones['loja-a']!, { conversation: 'para a' });
    gateway.aCustomer().send(phones['loja-b']!, { conversation: 'para b' });
    await until('both', () => root.ofType('messageReceived').length === 2);
    // Whatever else was told before is there, too, once this is.
    const last = await told();
    await until('the end', () => root.ids.includes(last));
    const texts = (client?: SocketClient) => client?.ofType('messageReceived').map(({ body }) => body.data['conteudo']);
    await until('the owner', () => texts(ofA)?.length === 1);
    await until('the company', () => [ofB, colleague, limited].every((each) => texts(each)?.length === 1));
    expect([ofA, ofB, colleague, limited, stranger, deaf].map(texts)).toEqual([
      ...[['para a'], ['para b'], ['para b'], ['para b'], [], []],
    ]);
    expect(texts(narrowed)).toEqual(['para a']);
    const [message] = ofA!.ofType('messageReceived');
    expect(message).toMatchObject({ name: 'messageReceived', body: { connectionId: 'loja-a', ownerId: a } });
    expect([stranger!.heard, deaf.heard]).toEqual([[], []]);
  });

  const forA = { type: 'userNotification', ownerId: a, data: { userId: a } };

  /** Rows: an event; columns: who hears it. */
  const matrix: [string, () => Partial<NewEvent>, string][] = [
    ['of the gateway', () => ({ type: 'alert' }), 'root'],
    ['of A', () => ({ ownerId: a, connectionId: 'x' }), 'root a'],
    ['of B and the company', () => ({ ownerId: b, companyId: company, connectionId: 'x' }), 'root b c'],
    ['of the company', () => ({ companyId: company, connectionId: 'x' }), 'root c'],
    ['a QR code of A', () => ({ type: 'qr', ownerId: a, connectionId: 'x' }), 'root a'],
    ['for A alone', () => ({ ...forA, companyId: company, connectionId: 'x' }), 'root a'],
    ['expired', () => ({ type: 'qr', ownerId: a, connectionId: 'x', expiresAt: 1 }), ''],
  ];

  test('the matrix, live and in the replay', async () => {
    const reader = await anApiKey(gateway, { ownerId: a, grants: ['read'] });
    const tokens = {
      root: ROOT_KEY,
      a: tokenOf.a(),
      b: tokenOf.b(),
      c: tokenOf.c(),
      d: tokenOf.d(),
      reader: reader.key,
    };
    const everybody = Object.entries(tokens);
    const live = await Promise.all(everybody.map(([, token]) => aClient({ token })));
    const since = live[0]!.ready[0]!.since;
    const ids = await Promise.all(matrix.map(([, changes]) => told(changes())));
    const last = await told();
    await until('the end', () => live[0]!.ids.includes(last));
    const replayed = await Promise.all(everybody.map(([, token]) => aClient({ token, since })));
    const hearers = (all: SocketClient[], id: string) =>
      everybody.filter((_, index) => all[index]!.ids.includes(id)).map(([name]) => name);
    // A key that only reads hears what its owner hears, but for the codes that link a phone, and what is for a person.
    const expected = matrix.map(([what, , who]) => {
      const readers = what === 'of A' || what === 'for A alone' ? ' reader' : '';
      return (who + readers).split(' ').filter(Boolean);
    });
    await until('A', () => live[1]!.heard.length === 3);
    await until('C', () => live[3]!.heard.length === 2);
    expect(ids.map((id) => hearers(live, id))).toEqual(expected);
    expect(ids.map((id) => hearers(replayed, id))).toEqual(expected);
  });

  test('a QR code goes to who may manage, as an image for pages', async () => {
    const reader = await anApiKey(gateway, { ownerId: d, grants: ['read'] });
    const [page, key, deaf] = [
      await aClient({ token: tokenOf.d(), namespace: '/notifications' }),
      await aClient({ token: tokenOf.d() }),
      await aClient({ token: reader.key }),
    ];
    await gateway.http.post(CONNECTIONS, { connectionId: 'loja-d' }, as(tokenOf.d()));
    const { body } = await until('the code', () => page.ofType('qrcode')[0]);
    expect(body.data).toMatchObject({ instanceName: 'loja-d', status: 'waiting_qr' });
    expect(body.data['qrCode']).toMatch(/^data:image\/png;base64,/);
    await until('the text', () => key.ofType('qr').length > 0);
    await until('the state', () => deaf.ofType('connectionState').length > 0);
    expect(deaf.ofType('qr')).toEqual([]);
    await gateway.http.delete(`${CONNECTIONS}/loja-d`, as(tokenOf.d()));
  });

  test('a round of the watchdog is told to who sees everything', async () => {
    const [root, ofA] = [await aClient({ token: ROOT_KEY }), await aClient({ token: tokenOf.a() })];
    const round = { at: new Date().toISOString(), total: 2, healthy: 1, unhealthy: ['loja-b'] };
    gateway.parts.events.emit('healthCheck', round);
    const id = await told({ ownerId: a });
    await until('the round', () => root.ofType('healthCheck').length === 1);
    await until('the rest', () => ofA.ids.includes(id));
    expect([root.ofType('healthCheck')[0]?.body.data, ofA.ofType('healthCheck')]).toEqual([round, []]);
  });
});

test('webhooks and sockets are told the same event, under one id and with one body', async () => {
  const receiver = new WebhookReceiver();
  await receiver.up();
  gateway.onClose(() => receiver.down());
  const wanted = { url: receiver.url, connectionId: 'loja-a' };
  await gateway.http.post('/api/whatsapp-bootstrap/webhooks', wanted, as(ROOT_KEY));
  const client = await aClient({ token: tokenOf.a() });
  const ana = gateway.aCustomer();
  for (const text of ['um', 'dois', 'três']) await ana.send(phones['loja-a']!, text).receipted;
  await until('the webhook', () => receiver.ofType('messageReceived').length === 3);
  await until('the socket', () => client.ofType('messageReceived').length === 3);
  const bodies = receiver.ofType('messageReceived').map(({ body }) => JSON.parse(body) as unknown);
  expect(client.ofType('messageReceived').map(({ body }) => body)).toEqual(bodies);
});

describe('what was missed', () => {
  test('a client that comes back gets all of it once, in order, and then the rest', async () => {
    const client = await aClient({ token: tokenOf.a() });
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.push(await told({ ownerId: a }));
    await until('the first', () => client.ids.length === 5);
    client.close();
    for (let index = 0; index < 250; index++) ids.push(await told({ ownerId: index % 5 === 4 ? b : a }));
    const mine = ids.filter((_, index) => index < 5 || (index - 5) % 5 !== 4);
    // Told while it is catching up: neither twice nor out of its order.
    const coming = new SocketClient(gateway.http.baseUrl, { token: tokenOf.a(), since: client.ids.at(-1)! });
    clients.push(coming);
    for (let index = 0; index < 50; index++) mine.push(await told({ ownerId: a }));
    await until('all of it', () => client.ids.length + coming.ids.length === mine.length);
    expect([...client.ids, ...coming.ids]).toEqual(mine);
    expect(coming.ready).toMatchObject([{ complete: true }]);
  });

  test('a client that heard nothing yet goes on from where it was ready', async () => {
    const client = await aClient({ token: tokenOf.a() });
    client.close();
    const id = await told({ ownerId: a });
    const again = await aClient({ token: tokenOf.a(), since: client.ready[0]!.since });
    expect([again.ids, again.ready[0]]).toMatchObject([[id], { complete: true, replayed: 1 }]);
  });

  test('a restart of the gateway loses nothing for a client that comes back by itself', async () => {
    const client = await aClient({ token: tokenOf.a(), reconnects: true });
    const before = await told({ ownerId: a });
    await until('the first', () => client.ids.length === 1);
    const { port } = new URL(gateway.http.baseUrl);
    await gateway.stop();
    expect(client.dropped).toBe('GATEWAY_STOPS');
    await gateway.start({ PORT: port });
    const after = await told({ ownerId: a });
    await until('the rest', () => client.ids.includes(after));
    const ours = client.ids.filter((id) => [before, after].includes(id));
    expect([ours, client.ready.at(-1)?.complete]).toEqual([[before, after], true]);
    for (const id of ['loja-a', 'loja-b']) {
      await until(`${id} to be back`, () => gateway.parts.pool.get(id)?.estado === 'ready');
    }
  });

  test.each([
    ['an unknown id', () => 'evt_never'],
    ['a place in another log', () => '000000000000.1'],
    ['a place that is to come', (place: string) => `${place.slice(0, 12)}.999999999`],
  ])('%s: the client is told that it may have missed something', async (_what, make) => {
    const { ready } = await aClient({ token: tokenOf.a() });
    const client = await aClient({ token: tokenOf.a(), since: make(ready[0]!.since) });
    expect(client.ready).toMatchObject([{ complete: false, replayed: 0 }]);
    const id = await told({ ownerId: a });
    await until('what comes', () => client.ids.includes(id));
  });
});

describe('who may not any more', () => {
  test('a revoked key loses its socket at once, and may not come back', async () => {
    const { key, apiKey } = await anApiKey(gateway, { ownerId: a });
    const client = await aClient({ token: key });
    await gateway.http.delete(`${KEYS}/${apiKey.id}`, as(ROOT_KEY));
    await until('the end', () => client.left === 'io server disconnect');
    expect(client.dropped).toBe('ACCESS_ENDED');
    expect((await refused({ token: key })).data?.code).toBe('UNAUTHORIZED');
  });

  test('an expired token or key loses its socket', async () => {
    const exp = Math.floor(Date.now() / 1000) + 1;
    const client = await aClient({ token: jwt(a, { exp }) });
    const { key } = await anApiKey(gateway, { ownerId: a, expiresAt: new Date(Date.now() + 3000).toISOString() });
    const other = await aClient({ token: key });
    await until('their ends', () => client.dropped === 'ACCESS_ENDED' && other.dropped === 'ACCESS_ENDED');
  });
});

describe('clients that do not behave', () => {
  test('one that does not read is dropped, and the memory it could take is bounded', async () => {
    const { hostname, port } = new URL(gateway.http.baseUrl);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    const handshake = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    socket.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${handshake}\r\n${key}\r\n\r\n`,
    );
    await until('the WebSocket', () => text.includes('"sid"'));
    socket.write(maskedText(`40{"token":"${ROOT_KEY}"}`));
    await until('its readiness', () => text.includes('"ready"'));
    socket.pause();
    const dropped: string[] = [];
    const off = gateway.parts.realtime.server.events.on('dropped', ({ code }) => dropped.push(code));
    const data = { conteudo: 'x'.repeat(200_000) };
    for (let count = 0; count < 200 && dropped.length === 0; count++) await told({ data });
    await until('the drop', () => dropped.includes('TOO_SLOW'));
    off();
    await until('its end', () => gateway.parts.realtime.server.figures.clients === 0);
    socket.destroy();
  });

  test('one that talks too much is dropped', async () => {
    const client = await aClient({ token: ROOT_KEY });
    for (let count = 0; count < 150; count++) client.socket.emit('join', { room: `owner:${a}` });
    await until('the drop', () => client.dropped === 'TOO_MANY_MESSAGES');
  });
});

test('the figures show in /metrics', async () => {
  const client = await aClient({ token: ROOT_KEY });
  const id = await told();
  await until('it', () => client.ids.includes(id));
  const text = (await gateway.http.get('/metrics', as(ROOT_KEY))).bytes.toString();
  expect(text).toMatch(/^sentinela_websocket_clients 1$/m);
  expect(text).toMatch(/^sentinela_websocket_messages_total [1-9]\d*$/m);
  expect(text).toMatch(/^sentinela_websocket_dropped_total\{code="TOO_MANY_MESSAGES"\} 1$/m);
  expect(text).toMatch(/^sentinela_websocket_refused_total\{code="UNAUTHORIZED"\} [1-9]/m);
});

/** A masked text frame (RFC 6455, 5.2) of up to 65,535 bytes, as a client sends it. */
function maskedText(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, body]);
}
