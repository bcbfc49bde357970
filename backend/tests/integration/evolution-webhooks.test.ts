import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { WebhookReceipt } from '../../src/evolution/webhook-intake.js';
import type { WebhookEventType } from '../../src/notifications/webhooks/webhook-events.js';
import { Random } from '../crash/random.js';
import { anEnvelope, type Json } from '../../src/simulator/evolution/envelope.js';
import { aToken, aWireMessage } from '../support/evolution-events.js';
import { aGateway, CONNECTIONS, SEND, verdict } from '../support/gateway.js';
import { SchemaValues } from '../support/schema-values.js';
import { SocketClient } from '../support/socket-client.js';
import { until } from '../support/until.js';

const SECRET = 'the-secret-of-incoming-webhooks';
const gateway = aGateway({ EVOLUTION_WEBHOOK_SECRET: SECRET });
const proof = { 'x-webhook-secret': SECRET };
const EVOLUTION = '/api/webhook/evolution';
const ANA = '5511911111111@s.whatsapp.net';
/** 1×1 pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
let counter = 0;
const anInstance = () => `evo-${++counter}`;

const post = (body: Json, path = EVOLUTION, headers: Record<string, string> = proof) =>
  gateway.http.post<WebhookReceipt>(path, body, headers);
const say = (instance: string, message: Json, event = 'messages.upsert') => post(anEnvelope(event, instance, message));

test('a message is a row of an atendimento, with driver evolution, and so are its answer and its statuses', async () => {
  const instance = anInstance();
  await post(
    anEnvelope('connection.update', instance, { instance, state: 'open', wuid: '5511900000000@s.whatsapp.net' }),
  );
  const question = aWireMessage({ message: { conversation: 'oi' } });
  expect(verdict(await say(instance, question))).toBe('200');
  const answer = aWireMessage({ key: { fromMe: true, remoteJidAlt: ANA }, message: { conversation: 'olá' } });
  await say(instance, answer, 'send.message');
  await post(
    anEnvelope('MESSAGES_UPDATE', instance, { keyId: answer.key['id'], remoteJid: ANA, fromMe: true, status: 'READ' }),
  );
  const received = await gateway.crm.mensagem(instance, String(question.key['id']));
  const sent = await gateway.crm.mensagem(instance, String(answer.key['id']), ({ status }) => status === 'LIDA');
  expect(received).toMatchObject({ conteudo: 'oi', tipo: 'TEXTO', remetente: 'CLIENTE', status: 'RECEBIDA' });
  expect(sent).toMatchObject({ conteudo: 'olá', remetente: 'ATENDENTE', atendimento_id: received['atendimento_id'] });
  expect(await gateway.crm.session(instance)).toMatchObject({
    driver: 'evolution',
    estado: 'ready',
    numero: '5511900000000',
  });
  const [contato] = await gateway.crm.contatos(instance, { tipo: 'pessoa' });
  expect(contato).toMatchObject({ pn: ANA, lid: '111111111111@lid' });
});

describe('who may post', () => {
  const body = () => anEnvelope('messages.upsert', anInstance(), aWireMessage());

  test('the secret in a header, in the path, as bearer, or as the token that Evolution makes of it', async () => {
    const token = await aToken(SECRET);
    const ways: [string, Record<string, string>][] = [
      [EVOLUTION, proof],
      [EVOLUTION, { apikey: SECRET }],
      [EVOLUTION, { authorization: `Bearer ${SECRET}` }],
      [EVOLUTION, { authorization: `Bearer ${token}` }],
      [`${EVOLUTION}/messages-upsert`, { authorization: `Bearer ${token}` }],
      [`${EVOLUTION}/${SECRET}`, {}],
      [`${EVOLUTION}/${SECRET}/messages-upsert`, {}],
      [`/api/webhook/whatsapp/${SECRET}`, {}],
    ];
    for (const [path, headers] of ways)
      expect([path, verdict(await post(body(), path, headers))]).toEqual([path, '200']);
  });

  test('nobody else, and nothing of theirs becomes a connection', async () => {
    const strangers: [string, Record<string, string>][] = [
      [EVOLUTION, {}],
      [EVOLUTION, { 'x-webhook-secret': `${SECRET}x` }],
      [`${EVOLUTION}/another-secret-entirely`, {}],
      [EVOLUTION, { authorization: `Bearer ${await aToken('another-secret-entirely')}` }],
      [EVOLUTION, { authorization: `Bearer ${await aToken(SECRET, {}, '-10m')}` }],
      [EVOLUTION, { authorization: `Bearer ${await aToken(SECRET, { app: 'other' })}` }],
      [EVOLUTION, { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJhcHAiOiJldm9sdXRpb24ifQ.' }],
    ];
    const told = body();
    for (const [path, headers] of strangers) expect(verdict(await post(told, path, headers))).toBe('401 UNAUTHORIZED');
    expect(verdict(await gateway.http.get(`${CONNECTIONS}/${String(told['instance'])}`))).toBe(
      '404 CONNECTION_NOT_FOUND',
    );
  });

  test('a stranger’s body is not even read', async () => {
    const answer = await gateway.http.request('POST', EVOLUTION, {
      headers: { 'content-type': 'application/json' },
      body: '{ not json',
    });
    expect(verdict(answer)).toBe('401 UNAUTHORIZED');
  });

  test('a connection in this process takes no events from a server', async () => {
    const { id } = await gateway.aPairedConnection();
    expect(verdict(await say(id, aWireMessage()))).toBe('409 WRONG_DRIVER');
    expect(await gateway.crm.mensagens(id)).toEqual([]);
  });

  test('a user’s path takes that user’s instance alone, and owns it', async () => {
    const userId = randomUUID();
    const path = `/api/webhook/user/${userId}`;
    expect(verdict(await post(anEnvelope('messages.upsert', 'user_somebody', aWireMessage()), path))).toBe(
      '400 BAD_REQUEST',
    );
    const { instance: _none, ...short } = anEnvelope('QRCODE_UPDATED', '', { qrcode: `data:image/png;base64,${PNG}` });
    expect((await post(short, path)).body).toMatchObject({
      success: true,
      connectionId: `user_${userId}`,
      accepted: 1,
    });
    expect(await gateway.connection(`user_${userId}`)).toMatchObject({
      ownerId: userId,
      estado: 'qr_ready',
      driver: 'evolution',
    });
  });
});

describe('what is wrong is said', () => {
  const wrong: [string, Json, string][] = [
    ['no event', { instance: 'evo-x', data: {} }, 'body.event'],
    ['no instance', { event: 'messages.upsert', data: aWireMessage() }, 'body.instance'],
    ['no key', { event: 'messages.upsert', instance: 'evo-x', data: { message: {} } }, 'body.data.0.key'],
    ['no id', { event: 'messages.upsert', instance: 'evo-x', data: { key: { remoteJid: ANA } } }, 'body.data.0.key.id'],
    ['no address', { event: 'messages.delete', instance: 'evo-x', data: { id: '3EB0' } }, 'body.data.0.key.remoteJid'],
  ];
  test.each(wrong)('%s', async (_name, body, field) => {
    const answer = await post(body);
    expect(verdict(answer)).toBe('400 BAD_REQUEST');
    expect(answer.body.error?.details).toEqual([
      expect.objectContaining({ field, problem: expect.stringMatching(/^must/) }),
    ]);
  });

  test('trying takes nothing', async () => {
    const instance = anInstance();
    const tried = await post(anEnvelope('messages.upsert', instance, aWireMessage()), '/api/webhook/test');
    expect(tried.body).toMatchObject({ success: true, event: 'messages.upsert', instance, known: false });
    expect(verdict(await gateway.http.get(`${CONNECTIONS}/${instance}`))).toBe('404 CONNECTION_NOT_FOUND');
  });

  test('events that change nothing are answered and forgotten', async () => {
    const answer = await post(anEnvelope('labels.edit', anInstance(), { id: '1' }));
    expect([answer.status, answer.body.ignored]).toEqual([200, true]);
  });
});

test('an event is handled once, however often and in whatever spelling it is delivered', async () => {
  const instance = anInstance();
  const message = aWireMessage();
  const envelope = anEnvelope('messages.upsert', instance, message);
  const again = { ...envelope, event: 'MESSAGES_UPSERT', date_time: '2026-11-21T10:00:00.000Z' };
  const answers = await Promise.all([post(envelope), post(envelope), post(again)]);
  const receipts = answers.map(({ body }) => body);
  expect(receipts.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(1);
  await gateway.crm.mensagem(instance, String(message.key['id']));
  await gateway.restart();
  expect((await post(envelope)).body).toMatchObject({ accepted: 0, repeated: 1 });
  expect(await gateway.crm.mensagens(instance)).toHaveLength(1);
});

describe('what clients hear of an event', () => {
  const instance = anInstance();
  const theirs = aWireMessage();
  const ours = aWireMessage({ key: { fromMe: true, remoteJidAlt: ANA } });
  const about = ({ key }: { key: Json }, more: Json = {}) => ({ keyId: key['id'], ...key, ...more });
  let client: SocketClient;

  beforeAll(async () => {
    client = await SocketClient.ready(gateway.http.baseUrl);
    await post(anEnvelope('connection.update', instance, { state: 'open', wuid: '5511900000000@s.whatsapp.net' }));
    for (const message of [theirs, ours]) await say(instance, message);
    await until('both', () => client.ofType('messageReceived').length > 0 && client.ofType('messageSent').length > 0);
  });
  afterAll(() => client.close());

  /** Every event of the specification, and what it is for a client; null: nothing here changes by it. */
  const events: [
    event: string,
    data: () => unknown,
    heard: WebhookEventType | 'presenceUpdated' | 'chatUpdated' | null,
  ][] = [
    ['messages.upsert', () => aWireMessage(), 'messageReceived'],
    [
      'messages.upsert',
      () => aWireMessage({ message: { reactionMessage: { key: theirs.key, text: '👍' } } }),
      'messageReaction',
    ],
    ['send.message', () => aWireMessage({ key: { fromMe: true, remoteJidAlt: ANA } }), 'messageSent'],
    ['messages.update', () => about(ours, { status: 'READ' }), 'messageStatus'],
    ['messages.update', () => about(theirs, { status: 'READ' }), 'messageRead'],
    ['messages.update', () => about(ours, { pollUpdates: [{ name: 'sim', voters: [ANA] }] }), 'messageUpdated'],
    ['messages.edited', () => ({ key: theirs.key, editedMessage: { conversation: 'depois' } }), 'messageEdited'],
    ['messages.delete', () => about(theirs), 'messageDeleted'],
    ['contacts.upsert', () => [{ remoteJid: ANA, pushName: 'Ana Maria' }], 'contactUpdated'],
    ['contacts.update', () => [{ remoteJid: ANA, pushName: 'Ana M.' }], 'contactUpdated'],
    ['groups.upsert', () => [{ id: '120363000000000001@g.us', subject: 'Clientes' }], 'contactUpdated'],
    ['groups.update', () => [{ id: '120363000000000001@g.us', subject: 'Clientes VIP' }], 'contactUpdated'],
    ['qrcode.updated', () => ({ qrcode: '2@abc' }), 'qr'],
    ['connection.update', () => ({ state: 'open' }), 'connectionState'],
    [
      'presence.update',
      () => ({ id: ANA, presences: { [ANA]: { lastKnownPresence: 'composing' } } }),
      'presenceUpdated',
    ],
    ['chats.upsert', () => [{ remoteJid: ANA, name: 'Ana', unreadMessages: 2 }], 'chatUpdated'],
    ['chats.update', () => [{ remoteJid: ANA }], 'chatUpdated'],
    ['chats.delete', () => [ANA], 'chatDeleted'],
    ['labels.edit', () => ({ id: '1' }), null],
    // Nothing in it that could be told.
    ['presence.update', () => ({ id: ANA, presences: {} }), null],
    ['chats.delete', () => [], null],
  ];
  test.each(events)('%s %#', async (event, data, heard) => {
    const before = heard === null ? 0 : client.ofType(heard).length;
    const { status, body } = await post(anEnvelope(event, instance, data()));
    expect([status, body.ignored]).toEqual([200, heard === null]);
    if (heard !== null) await until(`"${heard}"`, () => client.ofType(heard).length > before);
  });
});

test('a state that comes again without its time is one more, and one that was there changes nothing', async () => {
  const instance = anInstance();
  const told: string[] = [];
  const off = gateway.parts.events.on('connectionState', ({ connectionId, estado }) => {
    if (connectionId === instance) told.push(estado);
  });
  for (const state of ['open', 'open', 'close', 'open', 'close']) {
    const { status } = await post({ event: 'connection.update', instance, data: { state } });
    expect(status).toBe(200);
  }
  off();
  expect(told).toEqual(['ready', 'disconnected', 'ready', 'disconnected']);
});

test('states and QR codes are told as those of a socket here; late news changes nothing', async () => {
  const instance = anInstance();
  const told: string[] = [];
  const { events } = gateway.parts;
  const undo = [
    events.on('connectionState', ({ connectionId, estado }) => void (connectionId === instance && told.push(estado))),
    events.on('qr', ({ connectionId, code }) => void (connectionId === instance && told.push(code))),
    events.on('connected', ({ connectionId, numero }) => void (connectionId === instance && told.push(`em ${numero}`))),
  ];
  const late = anEnvelope('connection.update', instance, { state: 'close', statusReason: 428 });
  await post(
    anEnvelope('qrcode.updated', instance, { qrcode: { code: '2@abc', base64: `data:image/png;base64,${PNG}` } }),
  );
  const { body: qr } = await gateway.http.get(`${CONNECTIONS}/${instance}/qr`);
  expect(qr).toMatchObject({ code: '2@abc', qrCode: `data:image/png;base64,${PNG}` });
  await post(anEnvelope('connection.update', instance, { state: 'open', wuid: '5511933333333@s.whatsapp.net' }));
  await post(late);
  undo.forEach((off) => off());
  expect(told).toEqual(['qr_ready', '2@abc', 'ready', 'em 5511933333333']);
  expect(verdict(await gateway.http.get(`${CONNECTIONS}/${instance}/qr`))).toBe('409 NO_QR');
  await until('the row', async () => (await gateway.crm.session(instance))['estado'] === 'ready');
  // The registry keeps it.
  await gateway.restart();
  expect(await gateway.connection(instance)).toMatchObject({ estado: 'ready', numero: '5511933333333' });
});

test('a file that comes inside the event is in the media store', async () => {
  const instance = anInstance();
  const message = aWireMessage({ message: { imageMessage: { caption: 'foto', mimetype: 'image/png' }, base64: PNG } });
  await say(instance, message);
  const row = await gateway.crm.mensagem(instance, String(message.key['id']), ({ midia_caminho }) => midia_caminho);
  const file = await gateway.http.get(`/api/whatsapp-integration/messages/${String(row['id'])}/media`);
  expect([file.status, file.bytes.toString('base64')]).toEqual([200, PNG]);
});

test('with the database away everything is taken, survives a restart, and becomes rows', async () => {
  const instance = anInstance();
  await say(instance, aWireMessage());
  await until('the first row', async () => (await gateway.crm.mensagens(instance)).length === 1);
  await gateway.restart({ SUPABASE_URL: 'http://127.0.0.1:9' });
  for (let i = 0; i < 5; i++) expect(verdict(await say(instance, aWireMessage()))).toBe('200');
  await gateway.restart();
  await until('all rows', async () => (await gateway.crm.mensagens(instance)).length === 6);
});

test('a connection on a server cannot do what only a socket can', async () => {
  const instance = anInstance();
  await say(instance, aWireMessage());
  const presence = { connectionId: instance, to: ANA, state: 'composing' };
  expect(verdict(await gateway.http.post('/api/whatsapp-integration/chats/presence', presence))).toBe(
    '409 WRONG_DRIVER',
  );
  expect(verdict(await gateway.http.post(SEND, { connectionId: instance, to: ANA, content: 'oi' }))).toMatch(/^409/);
  expect(verdict(await gateway.http.delete(`${CONNECTIONS}/${instance}`))).toBe('200');
  expect(verdict(await gateway.http.get(`${CONNECTIONS}/${instance}`))).toBe('404 CONNECTION_NOT_FOUND');
});

test('what came of each is counted', async () => {
  const figure = async (labels: string) => {
    const text = (await gateway.http.get('/metrics')).bytes.toString();
    const line = text.split('\n').find((each) => each.startsWith(`sentinela_webhooks_in_total{${labels}} `));
    return Number(line?.split(' ')[1] ?? 0);
  };
  const outcomes = ['result="accepted",code=""', 'result="repeated",code=""', 'result="ignored",code=""'];
  outcomes.push('result="refused",code="UNAUTHORIZED"', 'result="refused",code="BAD_REQUEST"');
  const before = await Promise.all(outcomes.map(figure));
  const body = anEnvelope('messages.upsert', anInstance(), aWireMessage());
  await post(body);
  await post(body);
  await post(anEnvelope('presence.update', anInstance(), { id: ANA, presences: {} }));
  await post(body, EVOLUTION, { 'x-webhook-secret': 'of somebody else' });
  await post({ event: 'messages.upsert', instance: anInstance(), data: {} });
  expect(await Promise.all(outcomes.map(figure))).toEqual(before.map((count) => count + 1));
});

test('hostile bodies never make a fault of ours, and hold up nothing', async () => {
  const instance = anInstance();
  const seed = Date.now() % 1_000_000;
  const random = new Random(seed);
  const values = new SchemaValues({
    random,
    schemas: {},
    words: [ANA, instance, 'open', '__proto__', 'messages.upsert'],
  });
  const events = [
    'messages.upsert',
    'messages.update',
    'messages.edited',
    'connection.update',
    'qrcode.updated',
    'contacts.upsert',
  ];
  const problems: unknown[] = [];
  for (let i = 0; i < 200; i++) {
    const base = aWireMessage() as Json;
    const field = random.pick([...Object.keys(base), 'keyId', 'remoteJid', 'qrcode', 'state']);
    const data = random.chance(0.3) ? values.of({}) : { ...base, [field]: values.of({}) };
    const answer = await post({ ...anEnvelope(random.pick(events), instance, data), extra: values.of({}) });
    if (answer.status >= 500) problems.push([data, answer.status]);
  }
  expect({ seed, problems }).toEqual({ seed, problems: [] });
  const last = aWireMessage({ message: { conversation: 'ainda aqui' } });
  await say(instance, last);
  expect(await gateway.crm.mensagem(instance, String(last.key['id']))).toMatchObject({ conteudo: 'ainda aqui' });
}, 60_000);

describe('presences, chats and plain messages', () => {
  test('presences and chats are heard with what they say; a deletion is told once and takes no row', async () => {
    const instance = anInstance();
    const said = aWireMessage({ message: { conversation: 'fica' } });
    await say(instance, said);
    await gateway.crm.mensagem(instance, String(said.key['id']));
    const listener = await SocketClient.ready(gateway.http.baseUrl);
    try {
      const presence = { id: ANA, presences: { [ANA]: { lastKnownPresence: 'available', lastSeen: 1_795_262_400 } } };
      for (const event of ['PRESENCE_UPDATE', 'presence-update', 'presenceUpdate']) {
        expect((await post(anEnvelope(event, instance, presence))).body).toMatchObject({ accepted: 1, ignored: false });
      }
      expect((await post({ instance, data: presence }, `${EVOLUTION}/PRESENCE_UPDATE`)).body.accepted).toBe(1);
      const heard = await until('four presences', () => {
        const all = listener.ofType('presenceUpdated');
        return all.length === 4 ? all : null;
      });
      expect(heard[0]?.body).toMatchObject({
        connectionId: instance,
        data: { chat: ANA, presencas: [{ jid: ANA, estado: 'available', vistoEm: '2026-11-21T12:00:00.000Z' }] },
      });
      const deletion = anEnvelope('CHATS_DELETE', instance, [ANA]);
      expect([(await post(deletion)).body.accepted, (await post(deletion)).body.repeated]).toEqual([1, 1]);
      await until('the deletion', () => listener.ofType('chatDeleted').length > 0);
      expect(listener.ofType('chatDeleted').map(({ body }) => body.data)).toEqual([{ chats: [ANA] }]);
      expect(await gateway.crm.mensagem(instance, String(said.key['id']))).toMatchObject({
        ...{ conteudo: 'fica', apagada_em: null },
      });
    } finally {
      listener.close();
    }
  });

  test.each<[string, unknown, string]>([
    ['state', { state: 'open' }, 'ready'],
    ['status', { status: 'open' }, 'ready'],
    ['status in other words', { status: 'connected' }, 'ready'],
    ['the word alone', 'open', 'ready'],
    ['both, the state counts', { state: 'open', status: 'close' }, 'ready'],
    ['closed', { status: 'close', statusReason: 401 }, 'logged_out'],
  ])('a connection.update with %s', async (_what, data, estado) => {
    const instance = anInstance();
    await post({ event: 'connection.update', instance, data });
    expect((await gateway.connection(instance)).estado).toBe(estado);
  });

  test('a message whose content is a plain text is a row like any other, and once', async () => {
    const instance = anInstance();
    const key = { remoteJid: ANA, fromMe: false, id: '3EB0PLAIN' };
    const whole = {
      event: 'MESSAGES_UPSERT',
      instance: { instanceName: instance },
      data: { key, message: 'Olá, tudo bem?' },
    };
    expect((await post(whole)).body).toMatchObject({ accepted: 1 });
    expect((await post(whole)).body).toMatchObject({ accepted: 0, repeated: 1 });
    expect(await gateway.crm.mensagem(instance, '3EB0PLAIN')).toMatchObject({
      conteudo: 'Olá, tudo bem?',
      tipo: 'TEXTO',
    });
    const flat = (changes: Json) => ({
      ...{ event: 'messages.upsert', instance },
      data: { from: '+55 11 91111-1111', message: 'oi', timestamp: 1_795_262_400_000, ...changes },
    });
    for (const [body, accepted] of [
      [flat({}), 1],
      [flat({}), 0],
      [flat({ message: 'tchau' }), 1],
      [flat({ timestamp: '2026-11-21T12:00:01Z' }), 1],
      [flat({ id: '3EB0FLAT', timestamp: undefined }), 1],
    ] as const) {
      expect((await post(body)).body.accepted).toBe(accepted);
    }
    await gateway.crm.mensagem(instance, '3EB0FLAT');
    const rows = await until('all rows', async () => {
      const all = await gateway.crm.rows('whatsapp_mensagens', { chat_jid: ANA });
      return all.filter(({ conteudo }) => ['oi', 'tchau'].includes(String(conteudo))).length >= 4 ? all : null;
    });
    expect(rows).not.toHaveLength(0);
    // Neither an id nor a time: twice the same text could be one message or two.
    const without = await post(flat({ timestamp: undefined }));
    expect([verdict(without), JSON.stringify(without.body)]).toEqual([
      '400 BAD_REQUEST',
      expect.stringContaining('body.data.0.key.id'),
    ]);
  });
});
