import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MEDIA_BUCKET, MediaBucket } from '../../src/supabase/media-bucket.js';
import { StorageApi } from '../support/storage-api.js';
import { tempDir } from './journal-fixture.js';

const KEY = 'service-role-key';
const PATH = '8d0d2f2e-6b1d-4a6b-9a53-7c8d7f0f3a22/loja/2026/01/6d0f2f3e-5a8c-4f5e-9d53-0c8d7f0f3a11.png';
const PNG = { type: 'image/png', name: 'foto.png' };
let api: StorageApi;
let bucket: MediaBucket;

beforeEach(async () => {
  api = new StorageApi(KEY, [MEDIA_BUCKET]);
  await api.up();
  bucket = new MediaBucket({ host: { current: { url: api.url, serviceRoleKey: KEY } } });
});

afterEach(async () => {
  await bucket.close();
  await api.down();
});

async function put(bytes: Buffer, path = PATH, type = 'image/png'): Promise<void> {
  const file = join(await tempDir(), 'file');
  await writeFile(file, bytes);
  await bucket.put(path, file, { type, size: bytes.length });
}

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test('a file is streamed into the private bucket under its path, with its type and length, and read back whole', async () => {
  const bytes = randomBytes(3_000_000);
  await put(bytes);
  const stored = api.objects.get(`${MEDIA_BUCKET}/${PATH}`);
  expect(stored).toMatchObject({ type: 'image/png', cacheControl: 'max-age=31536000' });
  expect(stored?.bytes.equals(bytes)).toBe(true);
  expect(api.requests[0]).toMatchObject({
    path: `/storage/v1/object/${MEDIA_BUCKET}/${PATH}`,
    headers: { 'x-upsert': 'true', 'content-length': '3000000', apikey: KEY },
  });
  const read = await bytesOf(await bucket.open(PATH));
  expect(createHash('sha256').update(read).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('the same path again replaces the file: a put that is repeated after a crash does no harm', async () => {
  await put(Buffer.from('first'));
  await put(Buffer.from('second'));
  expect((await bytesOf(await bucket.open(PATH))).toString()).toBe('second');
});

test('a range is asked of the store, not cut here', async () => {
  await put(Buffer.from('0123456789'));
  expect((await bytesOf(await bucket.open(PATH, { start: 2, end: 4 }))).toString()).toBe('234');
  expect(api.requests.at(-1)?.headers.range).toBe('bytes=2-4');
});

test('a link of the store gives its one file to anybody, without a key, until it expires', async () => {
  await put(Buffer.from('a picture'));
  await put(Buffer.from('another'), `${PATH}.2`);
  const link = await bucket.sign(PATH, 60, PNG);
  const answer = await fetch(link);
  expect([answer.status, answer.headers.get('content-disposition'), await answer.text()]).toEqual([
    200,
    null,
    'a picture',
  ]);
  expect((await fetch(link.replace('.png', '.png.2'))).status).toBe(400);
  expect((await fetch(await bucket.sign(PATH, -1, PNG))).status).toBe(400);
});

test('what a browser could run is only saved, under its name', async () => {
  await put(Buffer.from('<script>'), PATH, 'text/html');
  const answer = await fetch(await bucket.sign(PATH, 60, { type: 'text/html', name: 'página.html' }));
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
});

test.each([
  ['a file that is not there', 'MEDIA_NOT_FOUND', () => api.url],
  ['a store in trouble', 'MEDIA_STORE_FAILED', () => ((api.broken = 500), api.url)],
  ['a store that is away', 'MEDIA_STORE_FAILED', () => 'http://127.0.0.1:1'],
])('%s is %s', async (_what, code, url) => {
  const asking = new MediaBucket({ host: { current: { url: url(), serviceRoleKey: KEY } } });
  try {
    await expect(asking.open(PATH)).rejects.toMatchObject({ code });
    await expect(asking.sign(PATH, 60, PNG)).rejects.toMatchObject({ code });
  } finally {
    await asking.close();
  }
});

test.each([
  ['the key is refused', { key: 'another key', buckets: [MEDIA_BUCKET] }],
  ['the migration that makes the bucket is missing', { key: KEY, buckets: [] }],
])('nothing is taken for stored when %s', async (_what, { key, buckets }) => {
  const other = new StorageApi(key, buckets);
  await other.up();
  const asking = new MediaBucket({ host: { current: { url: other.url, serviceRoleKey: KEY } } });
  try {
    const file = join(await tempDir(), 'file');
    await writeFile(file, 'x');
    await expect(asking.put(PATH, file, { type: 'image/png', size: 1 })).rejects.toMatchObject({
      code: 'MEDIA_STORE_FAILED',
    });
    expect(other.objects.size).toBe(0);
  } finally {
    await asking.close();
    await other.down();
  }
});

test('as long as the project is not known, nothing is stored', async () => {
  const unknown = new MediaBucket({ host: { current: null } });
  await expect(unknown.put(PATH, '/dev/null', { type: 'image/png', size: 0 })).rejects.toMatchObject({
    code: 'MEDIA_STORE_FAILED',
  });
});
