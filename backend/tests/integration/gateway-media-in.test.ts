import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { MediaType, proto } from '@whiskeysockets/baileys';
import type { Contact } from '../../src/simulator/index.js';
import { aGateway, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const LIMIT = 2_000_000;
const gateway = aGateway({ MEDIA_MAX_BYTES: String(LIMIT) });
let shop: PairedConnection;
let ana: Contact;

/** Signature, IHDR and an empty IDAT: chunks after it are random, and half of all random lengths are none. */
const PNG_HEAD = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489' + '000000004944415435af061e',
  'hex',
);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const aPng = (size: number) => Buffer.concat([PNG_HEAD, randomBytes(size - PNG_HEAD.length)]);
const pathOf = (rowId: unknown) => `/api/whatsapp-integration/messages/${String(rowId)}/media`;

async function aFile(bytes: Uint8Array, kind: MediaType = 'image') {
  return gateway.simulator.media.upload(bytes, kind);
}

function receive(content: proto.IMessage) {
  return ana.send(shop.phone, content).id;
}

const withFile = (id: string) => gateway.crm.mensagem(shop.id, id, (row) => row['midia_caminho']);
const failed = (id: string) =>
  gateway.crm.mensagem(shop.id, id, (row) => (row['dados'] as { midia?: { erro?: string } }).midia?.erro);

beforeAll(async () => {
  shop = await gateway.aPairedConnection('fotos');
});

beforeEach(() => {
  ana = gateway.aCustomer();
});

test('a picture: its row appears, gains its file, and the gateway gives back exactly its bytes', async () => {
  const bytes = aPng(1_000_000);
  const id = receive({ imageMessage: { ...(await aFile(bytes)), mimetype: 'image/jpeg', caption: 'O produto' } });
  const row = await withFile(id);
  const owner = (await gateway.connection(shop.id)).ownerId;
  const now = new Date();
  const month = `${now.getUTCFullYear()}/${String(now.getUTCMonth() + 1).padStart(2, '0')}`;
  expect(row).toMatchObject({
    conteudo: 'O produto',
    // Sniffed: the sender said JPEG.
    midia_tipo: 'image/png',
    midia_tamanho: bytes.length,
    midia_caminho: `${owner}/${shop.id}/${month}/${String(row['id'])}.png`,
    midia_url: pathOf(row['id']),
  });
  const answer = await gateway.http.get(pathOf(row['id']));
  expect(sha256(answer.bytes)).toBe(sha256(bytes));
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': String(bytes.length),
    'content-disposition': expect.stringMatching(/^inline; filename="/),
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
  });
});

test.each([
  ['bytes=0-99', [0, 99]],
  ['bytes=999900-', [999_900, 999_999]],
  ['bytes=-10', [999_990, 999_999]],
])('a range (%s) is answered with that part', async (range, [start = 0, end = 0]) => {
  const bytes = aPng(1_000_000);
  const row = await withFile(receive({ imageMessage: { ...(await aFile(bytes)), mimetype: 'image/png' } }));
  const part = await gateway.http.get(pathOf(row['id']), { range });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe(`bytes ${start}-${end}/1000000`);
  expect(part.bytes.equals(bytes.subarray(start, end + 1))).toBe(true);
  expect(verdict(await gateway.http.get(pathOf(row['id']), { range: 'bytes=1000000-' }))).toBe(
    '416 RANGE_NOT_SATISFIABLE',
  );
});

test('a document keeps its name and is never shown inline unless it is harmless', async () => {
  const bytes = Buffer.from('<html><script>alert(1)</script></html>');
  const id = receive({
    documentMessage: { ...(await aFile(bytes, 'document')), mimetype: 'application/pdf', fileName: 'Preço "ç".pdf' },
  });
  const row = await withFile(id);
  expect(row).toMatchObject({ midia_nome: 'Preço "ç".pdf', midia_tipo: 'text/plain' });
  const { headers } = await gateway.http.get(pathOf(row['id']));
  expect(headers.get('content-disposition')).toBe(
    `attachment; filename="Pre_o ___.pdf"; filename*=UTF-8''Pre%C3%A7o%20%22%C3%A7%22.pdf`,
  );
});

test('a file that WhatsApp has deleted is asked for again from the phone', async () => {
  const bytes = aPng(5_000);
  const media = await aFile(bytes);
  gateway.simulator.media.expire(media.directPath);
  const row = await withFile(receive({ imageMessage: { ...media, mimetype: 'image/png' } }));
  expect(sha256((await gateway.http.get(pathOf(row['id']))).bytes)).toBe(sha256(bytes));
});

test('a media server in trouble costs time, not the file', async () => {
  const bytes = aPng(5_000);
  gateway.simulator.media.failNext = 2;
  const row = await withFile(receive({ imageMessage: { ...(await aFile(bytes)), mimetype: 'image/png' } }));
  expect(sha256((await gateway.http.get(pathOf(row['id']))).bytes)).toBe(sha256(bytes));
});

test('a file above MEDIA_MAX_BYTES is not taken: its row says why', async () => {
  const id = receive({ imageMessage: { ...(await aFile(aPng(LIMIT + 1))), mimetype: 'image/png' } });
  const row = await failed(id);
  expect(row).toMatchObject({ midia_caminho: null, dados: { midia: { erro: 'MEDIA_TOO_LARGE' } } });
  expect(verdict(await gateway.http.get(pathOf(row['id'])))).toBe('413 MEDIA_TOO_LARGE');
});

test('a sender who lies about the length does not get past the limit either', async () => {
  const media = await aFile(aPng(LIMIT + 1));
  const row = await failed(receive({ imageMessage: { ...media, fileLength: 10, mimetype: 'image/png' } }));
  expect(row).toMatchObject({ dados: { midia: { erro: 'MEDIA_TOO_LARGE' } } });
});

test('nothing half-fetched is left on the disk', async () => {
  await until('all work to be done', () => gateway.parts.media.queue.active === 0);
  expect(await readdir(join(gateway.dataDir, 'media-in'))).toEqual([]);
});

test('a message without a file, and one that does not exist, say so', async () => {
  const row = await gateway.crm.mensagem(shop.id, ana.send(shop.phone, 'só texto').id);
  expect(verdict(await gateway.http.get(pathOf(row['id'])))).toBe('404 MEDIA_NOT_FOUND');
  expect(verdict(await gateway.http.get(pathOf('11111111-1111-4111-8111-111111111111')))).toBe('404 MESSAGE_NOT_FOUND');
  expect(verdict(await gateway.http.get(pathOf('nada')))).toBe('400 BAD_REQUEST');
});

test('a file that waits when the gateway stops is fetched after the restart', async () => {
  const bytes = aPng(50_000);
  gateway.simulator.media.failNext = 1_000;
  const id = receive({ imageMessage: { ...(await aFile(bytes)), mimetype: 'image/png' } });
  const { id: rowId } = await gateway.crm.mensagem(shop.id, id);
  await until('a first try', () => gateway.parts.journal.getMediaJob(shop.id, String(rowId))?.error);
  expect(verdict(await gateway.http.get(pathOf(rowId)))).toBe('409 MEDIA_PENDING');
  await gateway.stop();
  gateway.simulator.media.failNext = 0;
  await gateway.start();
  await withFile(id);
  expect(sha256((await gateway.http.get(pathOf(rowId))).bytes)).toBe(sha256(bytes));
});
