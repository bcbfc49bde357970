import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Contact } from '../../src/simulator/index.js';
import { anApiKey, as, ROOT_KEY } from '../support/access.js';
import { aGateway, aNumber, CONNECTIONS, type PairedConnection } from '../support/gateway.js';
import { N8nNode } from '../support/n8n-node.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** The code of n8n's node for Evolution API against this gateway: what its users do, unchanged. */
const gateway = aGateway({ API_KEY: ROOT_KEY, OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1' });
const receiver = new WebhookReceiver();
const owner = randomUUID();
let node: N8nNode;
let shop: PairedConnection;
let ana: Contact;

const INSTANCE = 'loja';
const run = <T = Record<string, unknown>>(resource: string, operation: string, fields: object = {}) =>
  node.run<T>(resource, operation, { instanceName: INSTANCE, ...fields });
interface Sent {
  key: { id: string; remoteJid: string; fromMe: boolean };
  status: string;
  messageType: string;
}
const send = (operation: string, fields: object) =>
  run<Sent>('messages-api', operation, { remoteJid: ana.number, ...fields });
const evolution = (method: string, path: string, body?: object, key = ROOT_KEY) =>
  gateway.http.request<object>(method, path, {
    headers: { apikey: key, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });

beforeAll(async () => {
  await receiver.up();
  gateway.onClose(() => receiver.down());
  node = new N8nNode({ 'server-url': gateway.http.baseUrl, apikey: ROOT_KEY });
});
afterAll(() => node.close());

test('an instance is created, linked by its QR code, and open', async () => {
  const created = await run<{ instance: { status: string }; hash: string }>('instances-api', 'instance-basic', {
    token: '',
    number: '',
    options_Create_instance: { webhook: { webhookSettings: { webhookUrl: receiver.url, webhookEvents: [] } } },
  });
  expect(created.instance).toMatchObject({ instanceName: INSTANCE, integration: 'WHATSAPP-BAILEYS' });
  const { code, base64 } = await run<{ code: string; base64: string }>('instances-api', 'instance-connect');
  expect(base64).toMatch(/^data:image\/png;base64,/);
  const phone = gateway.simulator.createPhone({ number: aNumber(), name: 'Loja' });
  const companion = await phone.scan(code);
  shop = { id: INSTANCE, phone, companion };
  await until('the instance to be open', async () => {
    const { body } = await evolution('GET', `/instance/connectionState/${INSTANCE}`, undefined, created.hash);
    return (body as unknown as { instance: { state: string } }).instance.state === 'open';
  });
  const [row] = await run<Record<string, unknown>[]>('instances-api', 'fetch-instances');
  expect(row).toMatchObject({ name: INSTANCE, connectionStatus: 'open', ownerJid: `${phone.number}@s.whatsapp.net` });
  ana = gateway.aCustomer();
  await gateway.crm.mensagem(INSTANCE, ana.send(phone, 'oi').id);
});

test('texts, answers, polls, contacts, reactions and places are sent', async () => {
  const oi = ana.send(shop.phone, 'tem pão?');
  await gateway.crm.mensagem(INSTANCE, oi.id);
  const quoted = { quoted: { messageQuoted: { messageId: oi.id } } };
  const text = await send('send-text', { messageText: 'tem sim', options_message: { delay: 1, ...quoted } });
  expect(text).toMatchObject({ status: 'SERVER_ACK', messageType: 'conversation', key: { fromMe: true } });
  expect(await gateway.crm.mensagem(INSTANCE, text.key.id)).toMatchObject({ conteudo: 'tem sim', resposta_a: oi.id });
  const poll = await send('send-poll', {
    caption: 'Qual?',
    options_display: { metadataValues: [{ optionValue: 'doce' }, { optionValue: 'salgado' }] },
  });
  const contact = await send('send-contact', {
    contacts: { contactValues: [{ fullName: 'Bia', wuid: '5511977776666', phoneNumber: '+55 11 97777-6666' }] },
  });
  const rows = [poll, contact].map(({ key }) => gateway.crm.mensagem(INSTANCE, key.id));
  expect((await Promise.all(rows)).map((row) => row['subtipo'])).toEqual(['ENQUETE', 'CONTATO']);
  await send('send-reaction', { messageId: oi.id, fromMe: false, reaction: '👍' });
  await gateway.crm.mensagem(INSTANCE, oi.id, (row) => JSON.stringify(row['reacoes']).includes('👍'));
  const place = { number: ana.number, latitude: -23.5, longitude: -46.6, name: 'Sé', address: 'São Paulo' };
  expect((await evolution('POST', `/message/sendLocation/${INSTANCE}`, place)).status).toBe(201);
});

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const WEBP = 'UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==';
const OGG = Buffer.concat([
  Buffer.from('4f67675300020000000000000000000000000000000000000000011e4f707573486561640101', 'hex'),
  Buffer.alloc(4_000, 7),
]).toString('base64');

test('files are sent from base64, and come back as base64', async () => {
  const image = await send('send-image', { media: `data:image/png;base64,${PNG}`, caption: 'o pão' });
  expect(image.messageType).toBe('imageMessage');
  await gateway.crm.mensagem(INSTANCE, image.key.id, (row) => row['midia_caminho']);
  const fields = { messageId: image.key.id, convertToMp4: false };
  const media = await run('chat-api', 'get-media-base64', fields);
  expect(media).toMatchObject({ mediaType: 'imageMessage', mimetype: 'image/png', base64: PNG });
  const sticker = await evolution('POST', `/message/sendSticker/${INSTANCE}`, { number: ana.number, sticker: WEBP });
  expect(sticker.status).toBe(201);
  const audio = await send('send-audio', { media: OGG });
  expect(await gateway.crm.mensagem(INSTANCE, audio.key.id)).toMatchObject({ tipo: 'AUDIO' });
});

test('numbers are checked, messages read, edited, deleted and found', async () => {
  const checked = await run<object[]>('chat-api', 'check-number', { numbers: `${ana.number}, 5511900000001` });
  expect(checked).toMatchObject([{ exists: true, number: ana.number }, { exists: false }]);
  const hello = ana.send(shop.phone, 'alguém?');
  await gateway.crm.mensagem(INSTANCE, hello.id);
  // One line that is no number costs the others nothing.
  const numbers = [ana.number, '123'];
  const mixed = await evolution('POST', `/chat/whatsappNumbers/${INSTANCE}`, { numbers });
  expect(mixed.body).toMatchObject([{ exists: true }, { exists: false, number: '123' }]);
  await run('chat-api', 'read-messages', { remoteJid: ana.number, fromMe: false, messageId: hello.id });
  await gateway.crm.mensagem(INSTANCE, hello.id, (row) => row['lida']);
  const { key } = await send('send-text', { messageText: 'ja vou' });
  await run('chat-api', 'update-message', { remoteJid: ana.number, messageId: key.id, text: 'já vou' });
  await gateway.crm.mensagem(INSTANCE, key.id, (row) => row['conteudo'] === 'já vou');
  const wrong = await send('send-text', { messageText: 'errado' });
  await run('chat-api', 'delete-message', { remoteJid: ana.number, messageId: wrong.key.id, fromMe: true });
  await gateway.crm.mensagem(INSTANCE, wrong.key.id, (row) => row['apagada_em']);
  await run('chat-api', 'send-presence', { remoteJid: ana.number, presence: 'composing', delay: 1 });

  interface Found {
    messages: { total: number; pages: number; records: { key: { id: string }; message: { conversation?: string } }[] };
  }
  const { messages } = await run<Found>('chat-api', 'find-messages', { remoteJid: ana.number, page: 1, offset: 2 });
  expect(messages.records.map(({ key: { id } }) => id)).toEqual([wrong.key.id, key.id]);
  expect(messages.records[1]?.message.conversation).toBe('já vou');
  const all = (await gateway.crm.mensagens(INSTANCE)).length;
  expect([messages.total, messages.pages]).toEqual([all, Math.ceil(all / 2)]);
  // Evolution takes these without a body, too.
  for (const path of ['findMessages', 'findChats']) {
    const bare = await gateway.http.request('POST', `/chat/${path}/${INSTANCE}`, { headers: { apikey: ROOT_KEY } });
    expect([path, bare.status]).toEqual([path, 200]);
  }
  const [chat] = await run<Record<string, unknown>[]>('chat-api', 'find-chats', {
    remoteJid: ana.number,
    messageId: '',
  });
  expect(chat).toMatchObject({ remoteJid: ana.pnJid, pushName: ana.name, lastMessage: { key: { id: wrong.key.id } } });
});

test('what has no row here is marked as read all the same, as Evolution does, and makes nobody', async () => {
  const mark = (...readMessages: object[]) =>
    evolution('POST', `/chat/markMessageAsRead/${INSTANCE}`, { readMessages });
  const from = gateway.simulator.history.events.length;
  const isKnown = ana.send(shop.phone, 'lida?').id;
  await gateway.crm.mensagem(INSTANCE, isKnown);
  const remoteJid = aNumber();
  const people = (await gateway.database.sql`select id from whatsapp_contatos`).length;
  const group = { id: 'NO-GRUPO', remoteJid: '120363021033254949@g.us', participant: `${remoteJid}@s.whatsapp.net` };
  const answer = await mark(
    ...[{ id: 'FORA', remoteJid, fromMe: false }, { id: isKnown, remoteJid: ana.pnJid, fromMe: false }, group],
    ...[{ id: 'NOSSA', remoteJid, fromMe: true }, { id: 'STATUS', remoteJid: 'status@broadcast' }, { id: 'SEM-CHAT' }],
  );
  expect([answer.status, answer.body]).toEqual([201, { message: 'Read messages', read: 'success' }]);
  expect((await mark({ id: 'NADA' })).status).toBe(201);
  await gateway.crm.mensagem(INSTANCE, isKnown, (row) => row['lida']);
  const marks = () => gateway.simulator.history.after(from).filter((event) => event.kind === 'read');
  await until('three marks', () => marks().length >= 3);
  expect(marks().map(({ ids, chat }) => [ids, chat])).toEqual(
    expect.arrayContaining([
      [['FORA'], `${remoteJid}@s.whatsapp.net`],
      [[isKnown], ana.pnJid],
      [['NO-GRUPO'], group.remoteJid],
    ]),
  );
  expect(marks()).toHaveLength(3);
  expect(await gateway.database.sql`select id from whatsapp_contatos`).toHaveLength(people);
});

test('the webhook tells in the envelope of Evolution, in order, and can be changed', async () => {
  const id = ana.send(shop.phone, 'chegou?').id;
  const isIt = ({ json }: { json: unknown }) => (json as { data?: { key?: { id?: string } } }).data?.key?.id === id;
  const delivery = await until('the webhook', () => receiver.received.find(isIt));
  expect(delivery.json).toMatchObject({ event: 'messages.upsert', instance: INSTANCE });
  const settings = { enabled: true, webhookUrl: receiver.url, webhookByEvents: false, webhookBase64: false };
  const webhookEvents = ['MESSAGES_UPDATE', 'QRCODE_UPDATED'];
  const change = { resourceForWebhook: 'setWebhook', ...settings, webhookEvents };
  expect(await run('events-api', 'webhook', change)).toMatchObject({ url: receiver.url, events: webhookEvents });
  const found = await run('events-api', 'webhook', { resourceForWebhook: 'findWebhook' });
  expect(found).toMatchObject({ enabled: true, events: webhookEvents });
});

test('what is wrong is said in the shape that its clients read', async () => {
  await expect(send('send-text', { messageText: ' ' })).rejects.toThrow(/Erro ao enviar mensagem de texto/);
  const empty = await evolution('POST', `/message/sendText/${INSTANCE}`, { number: ana.number, text: ' ' });
  expect(empty.status).toBe(400);
  const message = ['body.text must not be empty'];
  expect(empty.body).toEqual({ status: 400, error: 'Bad Request', code: 'BAD_REQUEST', response: { message } });
  const cases: [string, string, object | undefined, number][] = [
    ['POST', '/message/sendText/nobody', { number: ana.number, text: 'oi' }, 404],
    ['POST', `/message/sendMedia/${INSTANCE}`, { number: ana.number, mediatype: 'image' }, 400],
    ['POST', `/message/sendText/${INSTANCE}`, { number: 'abc', text: 'oi' }, 400],
    ['POST', `/message/sendText/${INSTANCE}`, { number: ana.number, text: 'oi', mentionsEveryOne: true }, 400],
    ['POST', '/instance/create', { instanceName: INSTANCE }, 403],
    ['POST', '/instance/create', { instanceName: '../etc' }, 400],
    ['POST', '/instance/create', { instanceName: 'x', integration: 'WHATSAPP-BUSINESS' }, 400],
    ['POST', `/webhook/set/${INSTANCE}`, { webhook: { url: 'http://169.254.169.254/' } }, 422],
    ['POST', `/chat/findMessages/${INSTANCE}`, { offset: 100000 }, 400],
    ['GET', '/instance/connectionState/nobody', undefined, 404],
    ['PUT', '/instance/create', {}, 405],
  ];
  const seen = await Promise.all(cases.map(([method, path, body]) => evolution(method, path, body)));
  expect(seen.map(({ status, body }) => [status, (body as unknown as { status: number }).status])).toEqual(
    cases.map(([, , , status]) => [status, status]),
  );
});

test("an instance's key is for it alone; another owner's finds nothing", async () => {
  const created = await evolution('POST', '/instance/create', { instanceName: 'outra' });
  const { hash } = created.body as unknown as { hash: string };
  const state = (name: string, key: string) => evolution('GET', `/instance/connectionState/${name}`, undefined, key);
  expect((await state('outra', hash)).status).toBe(200);
  expect((await state(INSTANCE, hash)).status).toBe(404);
  const stranger = (await anApiKey(gateway, { ownerId: owner })).key;
  for (const path of ['findMessages', 'findChats', 'getBase64FromMediaMessage']) {
    const body = { message: { key: { id: '3EB0' } } };
    expect([path, (await evolution('POST', `/chat/${path}/${INSTANCE}`, body, stranger)).status]).toEqual([path, 404]);
  }
  expect((await evolution('GET', '/instance/fetchInstances', undefined, stranger)).body).toEqual([]);
  const unknown = await evolution('GET', '/instance/fetchInstances', undefined, 'wrong');
  expect([unknown.status, JSON.stringify(unknown.body)]).toEqual([401, expect.stringContaining('apikey: <key>')]);
  expect((await evolution('DELETE', '/instance/delete/outra')).status).toBe(200);
  expect((await state('outra', hash)).status).toBe(401);
  expect((await gateway.http.get(`${CONNECTIONS}/outra`, as(ROOT_KEY))).status).toBe(404);
});

test('an instance is created with everything asked for or not at all, and leaves nothing behind', async () => {
  const ask = (more: object) => evolution('POST', '/instance/create', { instanceName: 'tudo', ...more });
  const webhook = { url: 'https://example.com/hook' };
  expect((await ask({ webhook: { url: 'http://169.254.169.254/' } })).status).toBe(422);
  expect((await ask({ webhook, number: 'abc' })).status).toBe(400);
  expect((await evolution('GET', '/instance/fetchInstances?instanceName=tudo')).body).toEqual([]);
  expect((await ask({ webhook })).status).toBe(201);
  const ofInstance = async () => {
    const { body } = await gateway.http.get('/api/whatsapp-bootstrap/webhooks', as(ROOT_KEY));
    return (body as { data: { connectionId: string }[] }).data.filter(({ connectionId }) => connectionId === 'tudo');
  };
  expect(await ofInstance()).toHaveLength(1);
  expect((await evolution('DELETE', '/instance/delete/tudo')).status).toBe(200);
  expect(await ofInstance()).toEqual([]);
});

test('restart brings a new socket, logout ends the session and keeps the instance', async () => {
  const from = gateway.simulator.history.events.length;
  await run('instances-api', 'restart-instance');
  await until('a login', () => gateway.simulator.history.after(from).some(({ kind }) => kind === 'login'));
  await run('instances-api', 'logout-instance');
  await until('the state', async () => {
    const [row] = await run<Record<string, unknown>[]>('instances-api', 'fetch-instances');
    return row?.['connectionStatus'] !== 'open' && row?.['name'] === INSTANCE;
  });
  await run('instances-api', 'delete-instance');
  expect(await run('instances-api', 'fetch-instances')).toEqual([]);
});
