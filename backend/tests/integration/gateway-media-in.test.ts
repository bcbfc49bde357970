import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { MediaType, proto } from '@whiskeysockets/baileys';
import { MEDIA_BUCKET } from '../../src/supabase/media-bucket.js';
import { webhookBody } from '../../src/http/schemas/webhook-payloads.js';
import type { Contact } from '../../src/simulator/index.js';
import { aGateway, verdict, type PairedConnection } from '../support/gateway.js';
import { StorageApi } from '../support/storage-api.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const LIMIT = 2_000_000;
const gateway = aGateway({ MEDIA_MAX_BYTES: String(LIMIT), OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1' });
let shop: PairedConnection;
let ana: Contact;

/** Signature, IHDR and an empty IDAT: chunks after it are random, and half of all random lengths are none. */
const PNG_HEAD = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489' + '000000004944415435af061e',
  'hex',
);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const aPng = (size: number) => Buffer.concat([PNG_HEAD, randomBytes(size - PNG_HEAD.length)]);
const NOBODY = '11111111-1111-4111-8111-111111111111';
const LINKS = '/api/whatsapp-integration/media';
type LinkAnswer = { link: { url: string; expiresAt: string } };
type RetryAnswer = { media: { messageId: string; state: string } };
const pathOf = (rowId: unknown) => `/api/whatsapp-integration/messages/${String(rowId)}/media`;

async function aFile(bytes: Uint8Array, kind: MediaType = 'image') {
  return gateway.simulator.media.upload(bytes, kind);
}

function receive(content: proto.IMessage) {
  return ana.send(shop.phone, content).id;
}

async function mediaFigures() {
  const text = (await gateway.http.get('/metrics')).bytes.toString();
  const valueOf = (series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1] ?? 0,
    );
  return {
    stored: valueOf('sentinela_media_total{result="stored",code=""}'),
    postponed: valueOf('sentinela_media_total{result="postponed",code="MEDIA_FETCH_FAILED"}'),
    waiting: valueOf('sentinela_media_waiting'),
  };
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

test('a media server in trouble costs time, not the file, and the figures say so', async () => {
  const bytes = aPng(5_000);
  const media = await aFile(bytes);
  const before = await mediaFigures();
  gateway.simulator.media.failNext = 2;
  const row = await withFile(receive({ imageMessage: { ...media, mimetype: 'image/png' } }));
  expect(sha256((await gateway.http.get(pathOf(row['id']))).bytes)).toBe(sha256(bytes));
  const after = await mediaFigures();
  expect([after.stored - before.stored, after.postponed - before.postponed, after.waiting]).toEqual([1, 2, 0]);
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

test('a link needs no key, gives exactly the file, also in ranges and to pages of other origins, until it expires', async () => {
  const bytes = aPng(20_000);
  const row = await withFile(receive({ imageMessage: { ...(await aFile(bytes)), mimetype: 'image/png' } }));
  const answer = await gateway.http.get<LinkAnswer>(`${pathOf(row['id'])}/link?expiresIn=60`);
  const { url, expiresAt } = answer.body.link;
  const left = Date.parse(expiresAt) - gateway.parts.clock.now();
  expect([answer.status, left > 0 && left <= 60_000]).toEqual([200, true]);
  const whole = await gateway.http.get(url);
  expect(sha256(whole.bytes)).toBe(sha256(bytes));
  expect(whole.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  const part = await gateway.http.get(url, { range: 'bytes=0-9' });
  expect([part.status, part.bytes.equals(bytes.subarray(0, 10))]).toEqual([206, true]);

  const another = await withFile(receive({ imageMessage: { ...(await aFile(aPng(900))), mimetype: 'image/png' } }));
  const [proof = ''] = /\?.*$/.exec(url) ?? [];
  const forged = [
    url.replace(String(row['id']), String(another['id'])),
    url.replace(/expires=\d+/, 'expires=4102444800'),
    url.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    `${LINKS}/${String(row['id'])}?${new URLSearchParams({ expires: '1', signature: 'A'.repeat(43) }).toString()}`,
  ];
  for (const each of forged) expect(verdict(await gateway.http.get(each))).toBe('401 UNAUTHORIZED');
  expect(verdict(await gateway.http.get(`${LINKS}/nada${proof}`))).toBe('400 BAD_REQUEST');
  expect(verdict(await gateway.http.get(`${LINKS}/${String(row['id'])}`))).toBe('400 BAD_REQUEST');
});

test.each(['9', '3601', 'sempre', '-5', '1e2'])(
  'a link for %s seconds is refused, and the field is named',
  async (expiresIn) => {
    const answer = await gateway.http.get(`${pathOf(NOBODY)}/link?expiresIn=${expiresIn}`);
    expect(verdict(answer)).toBe('400 BAD_REQUEST');
    expect(JSON.stringify(answer.body)).toMatch(/expiresIn.*from 10 to 3600/);
  },
);

test('a file that failed for good is fetched again when somebody asks, from the phone when WhatsApp has it no more', async () => {
  const files = [aPng(LIMIT + 1), aPng(LIMIT + 2)];
  const ids: string[] = [];
  for (const bytes of files) {
    const media = await aFile(bytes);
    ids.push(receive({ imageMessage: { ...media, mimetype: 'image/png' } }));
    await failed(ids.at(-1)!);
    if (bytes === files[1]) gateway.simulator.media.expire(media.directPath);
  }
  // Two weeks later the journal has forgotten the jobs: the rows tell all that is needed.
  await gateway.parts.journal.prune(gateway.parts.clock.now() + 15 * 86_400_000);
  await gateway.restart({ MEDIA_MAX_BYTES: String(2 * LIMIT) });
  await gateway.untilEstado(shop.id, 'ready');
  for (const [index, id] of ids.entries()) {
    const { id: rowId } = await gateway.crm.mensagem(shop.id, id);
    const retry = () => gateway.http.post<RetryAnswer>(`${pathOf(rowId)}/retry`, {});
    const answer = await retry();
    expect([answer.status, answer.body.media]).toEqual([202, { messageId: rowId, state: 'waiting' }]);
    const row = await withFile(id);
    expect((row['dados'] as { midia: object }).midia).not.toHaveProperty('erro');
    expect(sha256((await gateway.http.get(pathOf(rowId))).bytes)).toBe(sha256(files[index]!));
    const again = await retry();
    expect([again.status, again.body.media.state]).toEqual([200, 'stored']);
  }
  await gateway.restart();
});

test('a webhook is told when the file of a message has come, and when it will not come', async () => {
  const receiver = new WebhookReceiver();
  await receiver.up();
  gateway.onClose(() => receiver.down());
  const wanted = { url: receiver.url, connectionId: shop.id, events: ['messageMedia'] };
  expect(verdict(await gateway.http.post('/api/whatsapp-bootstrap/webhooks', wanted))).toBe('201');
  const bytes = aPng(3_000);
  const good = receive({ imageMessage: { ...(await aFile(bytes)), mimetype: 'image/png' } });
  const bad = receive({ imageMessage: { ...(await aFile(aPng(LIMIT + 1))), mimetype: 'image/png' } });
  const [came, never] = [await withFile(good), await failed(bad)];
  const told = (id: unknown) => receiver.ofType('messageMedia').find(({ json }) => json.data['mensagemId'] === id);
  const first = await until('the file to be told', () => told(came['id']));
  const second = await until('the failure to be told', () => told(never['id']));
  for (const { json } of [first, second]) webhookBody('messageMedia').parse(json);
  expect(first.json).toMatchObject({
    connectionId: shop.id,
    data: { whatsappId: good, midia: { url: came['midia_url'], tipo: 'image/png', nome: null, tamanho: 3_000 } },
  });
  expect(second.json.data).toMatchObject({ whatsappId: bad, midia: null, erro: 'MEDIA_TOO_LARGE' });
});

test('asking again for what has no file, or does not exist, says so', async () => {
  const row = await gateway.crm.mensagem(shop.id, ana.send(shop.phone, 'só texto').id);
  const retry = (id: unknown) => gateway.http.post(`${pathOf(id)}/retry`, {});
  expect(verdict(await retry(row['id']))).toBe('404 MEDIA_NOT_FOUND');
  expect(verdict(await retry(NOBODY))).toBe('404 MESSAGE_NOT_FOUND');
  expect(verdict(await retry('nada'))).toBe('400 BAD_REQUEST');
  expect(verdict(await gateway.http.get(`${pathOf(row['id'])}/link`))).toBe('404 MEDIA_NOT_FOUND');
  expect(verdict(await gateway.http.get(`${pathOf(NOBODY)}/link`))).toBe('404 MESSAGE_NOT_FOUND');
});

test('with a bucket for a store, files lie there, are read through the gateway, and links are those of the store', async () => {
  const { url, serviceRoleKey } = gateway.database;
  const project = new StorageApi(serviceRoleKey, [MEDIA_BUCKET], url);
  await project.up();
  gateway.onClose(() => project.down());
  await gateway.restart({ SUPABASE_URL: project.url, MEDIA_STORAGE: 'supabase' });
  const bytes = aPng(300_000);
  const row = await withFile(receive({ imageMessage: { ...(await aFile(bytes)), mimetype: 'image/png' } }));
  const stored = project.objects.get(`${MEDIA_BUCKET}/${String(row['midia_caminho'])}`);
  expect([stored?.type, sha256(stored?.bytes ?? Buffer.of())]).toEqual(['image/png', sha256(bytes)]);
  expect(row['midia_url']).toBe(pathOf(row['id']));
  expect(sha256((await gateway.http.get(pathOf(row['id']))).bytes)).toBe(sha256(bytes));
  const { body } = await gateway.http.get<LinkAnswer>(`${pathOf(row['id'])}/link`);
  expect(body.link.url).toContain(`${project.url}/storage/v1/object/sign/${MEDIA_BUCKET}/`);
  expect(sha256(Buffer.from(await (await fetch(body.link.url)).arrayBuffer()))).toBe(sha256(bytes));
  await gateway.restart();
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
