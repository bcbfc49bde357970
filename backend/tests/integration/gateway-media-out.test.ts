import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { MediaType, proto } from '@whiskeysockets/baileys';
import type { Contact } from '../../src/simulator/index.js';
import { aGateway, SEND, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const LIMIT = 2_000_000;
const gateway = aGateway({
  MEDIA_MAX_BYTES: String(LIMIT),
  OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1',
  FFMPEG_PATH: '/nonexistent/ffmpeg',
});
let shop: PairedConnection;
let ana: Contact;
let files: Server;

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
/** An Ogg page whose packet begins like Opus: what WhatsApp's phones record. */
const OGG_OPUS = Buffer.concat([
  Buffer.from('4f67675300020000000000000000000000000000000000000000011e4f707573486561640101', 'hex'),
  randomBytes(4_000),
]);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const mediaPath = (rowId: unknown) => `/api/whatsapp-integration/messages/${String(rowId)}/media`;
const row = (id: string) => gateway.crm.mensagem(shop.id, id, (found) => found['midia_caminho']);

beforeAll(async () => {
  shop = await gateway.aPairedConnection('envios');
  files = createServer((req, res) => {
    if (req.url === '/moved.png') return res.writeHead(302, { location: '/foto.png' }).end();
    if (req.url === '/metadata') return res.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    if (req.url === '/foto.png') return res.end(PNG);
    if (req.url === '/huge') return res.end(randomBytes(LIMIT + 1));
    return res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  gateway.onClose(() => new Promise((resolve) => files.close(resolve)));
});
beforeEach(() => {
  ana = gateway.aCustomer();
});

const urlOf = (path: string) => `http://127.0.0.1:${(files.address() as AddressInfo).port}${path}`;
const send = (body: Record<string, unknown>, headers?: Record<string, string>) =>
  gateway.send(shop.id, { to: ana.pnJid, ...body }, headers);

async function form(fields: Record<string, string>, bytes: Buffer, name: string, headers: Record<string, string> = {}) {
  const body = new FormData();
  for (const [key, value] of Object.entries({ connectionId: shop.id, to: ana.pnJid, ...fields }))
    body.append(key, value);
  body.append('file', new Blob([new Uint8Array(bytes)]), name);
  const response = await fetch(gateway.http.baseUrl + SEND, { method: 'POST', body, headers });
  const json = (await response.json()) as {
    message: { id: string; whatsappId: string };
    error?: { code: string };
  };
  return { status: response.status, replayed: response.headers.get('idempotent-replayed'), ...json };
}

/** What arrived, opened as the recipient's phone does it. */
async function received(field: keyof proto.IMessage, kind: MediaType) {
  const { message } = await ana.nextMessage();
  const inner = message.viewOnceMessage?.message ?? message.documentWithCaptionMessage?.message ?? message;
  const content = inner[field] as proto.Message.IImageMessage;
  return { message, content, bytes: await gateway.simulator.media.download(content, kind) };
}

test('a picture in a form: streamed in, encrypted, uploaded, and identical at the customer and on its row', async () => {
  const bytes = Buffer.concat([PNG, randomBytes(900_000)]);
  const answer = await form({ type: 'image', caption: 'O produto' }, bytes, 'foto.png');
  expect(answer.status).toBe(201);
  const { content, bytes: arrived } = await received('imageMessage', 'image');
  expect(sha256(arrived)).toBe(sha256(bytes));
  expect(content).toMatchObject({ caption: 'O produto', mimetype: 'image/png', width: 1, height: 1 });
  const stored = await row(answer.message.whatsappId);
  expect(stored).toMatchObject({
    id: answer.message.id,
    tipo: 'IMAGEM',
    conteudo: 'O produto',
    midia_tipo: 'image/png',
  });
  expect(sha256((await gateway.http.get(mediaPath(stored['id']))).bytes)).toBe(sha256(bytes));
});

test('a document by base64 keeps its name and caption', async () => {
  const bytes = Buffer.from('%PDF-1.4 nota fiscal');
  const body = { type: 'document', mediaBase64: bytes.toString('base64'), fileName: 'nota.pdf', caption: 'A nota' };
  expect(verdict(await send(body))).toBe('201');
  const { content, bytes: arrived } = await received('documentMessage', 'document');
  expect(arrived.equals(bytes)).toBe(true);
  expect(content).toMatchObject({ fileName: 'nota.pdf', caption: 'A nota', mimetype: 'application/pdf' });
});

test('a picture by URL follows redirects, and view-once is said', async () => {
  expect(verdict(await send({ type: 'image', mediaUrl: urlOf('/moved.png'), viewOnce: true }))).toBe('201');
  const { message, bytes } = await received('imageMessage', 'image');
  expect(bytes.equals(PNG)).toBe(true);
  expect(message.viewOnceMessage?.message?.imageMessage?.viewOnce).toBe(true);
  const [row] = (await gateway.crm.mensagens(shop.id)).slice(-1);
  expect(row).toMatchObject({ dados: { visualizacaoUnica: true } });
  const again = await send({ type: 'forward', messageId: row!['whatsapp_id'] });
  expect(verdict(again)).toBe('400 UNSUPPORTED_TYPE');
});

test('a voice message goes out as one when it is Ogg Opus; other sounds need ffmpeg, and the error says so', async () => {
  expect(verdict(await send({ type: 'voice', mediaBase64: OGG_OPUS.toString('base64') }))).toBe('201');
  const { content, bytes } = await received('audioMessage', 'audio');
  expect(bytes.equals(OGG_OPUS)).toBe(true);
  expect(content).toMatchObject({ ptt: true, mimetype: 'audio/ogg; codecs=opus' });
  const wav = Buffer.concat([Buffer.from('RIFF\x24\x00\x00\x00WAVEfmt '), randomBytes(64)]);
  expect(verdict(await send({ type: 'voice', mediaBase64: wav.toString('base64') }))).toBe('422 FFMPEG_MISSING');
});

test('an Idempotency-Key with a file sends it once', async () => {
  const headers = { 'idempotency-key': 'foto-1' };
  const first = await form({ type: 'image' }, PNG, 'a.png', headers);
  const again = await form({ type: 'image' }, PNG, 'a.png', headers);
  expect([again.status, again.replayed, again.message.whatsappId]).toEqual([201, 'true', first.message.whatsappId]);
  const other = await form({ type: 'image' }, Buffer.concat([PNG, PNG]), 'a.png', headers);
  expect(other.error?.code).toBe('IDEMPOTENCY_CONFLICT');
});

test('while media servers are in trouble the message waits, and a restart does not send it twice', async () => {
  gateway.simulator.media.failNext = 1_000;
  const answer = await gateway.send(
    shop.id,
    { to: ana.pnJid, type: 'image', mediaUrl: urlOf('/foto.png') },
    {},
    '?wait=0',
  );
  expect(verdict(answer)).toBe('202');
  await gateway.stop();
  gateway.simulator.media.failNext = 0;
  await gateway.start();
  const { bytes } = await received('imageMessage', 'image');
  expect(bytes.equals(PNG)).toBe(true);
  const { whatsappId } = answer.body.message;
  await gateway.crm.mensagem(shop.id, whatsappId, ({ status }) => status !== 'PENDENTE');
  expect(gateway.simulator.history.of('send.received').filter(({ id }) => id === whatsappId)).toHaveLength(1);
  await gateway.untilEstado(shop.id, 'ready');
});

test("a customer's picture is forwarded with its bytes", async () => {
  const media = await gateway.simulator.media.upload(PNG, 'image');
  const { id } = ana.send(shop.phone, { imageMessage: { ...media, mimetype: 'image/png', caption: 'veja' } });
  await row(id);
  const answer = await send({ type: 'forward', messageId: id });
  expect(verdict(answer)).toBe('201');
  const { content, bytes } = await received('imageMessage', 'image');
  expect(bytes.equals(PNG)).toBe(true);
  expect(content).toMatchObject({ caption: 'veja', contextInfo: { isForwarded: true } });
});

test.each([
  ['no file', { type: 'image' }, '400 BAD_REQUEST'],
  ['two files', { type: 'image', mediaUrl: 'https://a.example/', mediaBase64: 'aaaa' }, '400 BAD_REQUEST'],
  ['a text as a picture', { type: 'image', mediaBase64: 'b2zDoQ==' }, '400 UNSUPPORTED_TYPE'],
  ['a file URL', { type: 'image', mediaUrl: 'file:///etc/passwd' }, '400 BAD_REQUEST'],
  ['what is no base64', { type: 'image', mediaBase64: '***' }, '400 BAD_REQUEST'],
  ['a closed address', { type: 'image', mediaUrl: 'http://10.0.0.1/a.png' }, '422 FORBIDDEN_DESTINATION'],
])('%s is refused', async (_what, body, expected) => {
  expect(verdict(await send(body))).toBe(expected);
});

test('a file of the wrong kind and one from nowhere are refused with what to do', async () => {
  const wrong = await send({ type: 'sticker', mediaBase64: PNG.toString('base64') });
  expect(wrong.body).toMatchObject({
    error: { message: expect.stringContaining('WebP'), details: { field: 'type', found: 'image/png' } },
  });
  const nowhere = await send({ type: 'image', mediaUrl: 'http://127.0.0.1:1/a.png' });
  expect(nowhere.body).toMatchObject({ error: { details: { host: '127.0.0.1:1', reason: 'ECONNREFUSED' } } });
});

test('what a server does wrong is told, and nothing stays on the disk', async () => {
  expect(verdict(await send({ type: 'image', mediaUrl: urlOf('/nada') }))).toBe('502 MEDIA_FETCH_FAILED');
  expect(verdict(await send({ type: 'image', mediaUrl: urlOf('/huge') }))).toBe('413 MEDIA_TOO_LARGE');
  expect(verdict(await send({ type: 'image', mediaUrl: urlOf('/metadata') }))).toBe('422 FORBIDDEN_DESTINATION');
  expect((await form({ type: 'image' }, randomBytes(LIMIT + 1), 'a.png')).error?.code).toBe('MEDIA_TOO_LARGE');
  expect((await form({ type: 'foto' }, PNG, 'a.png')).error?.code).toBe('UNSUPPORTED_TYPE');
  const twice = new FormData();
  for (const name of ['a.png', 'b.png']) twice.append('file', new Blob([new Uint8Array(PNG)]), name);
  expect((await fetch(gateway.http.baseUrl + SEND, { method: 'POST', body: twice })).status).toBe(400);
  await until('all work to be done', async () => (await readdir(join(gateway.dataDir, 'media-out'))).length === 0);
});
