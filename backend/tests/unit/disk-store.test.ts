import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { DiskStore } from '../../src/media/disk-store.js';
import { tempDir } from './journal-fixture.js';

const KEY = 'a key of the operator, long enough';
const PATH = 'owner/session/2026/01/row.pdf';

/** A store with one file in it. @param key null = files lie open */
async function aStore(bytes: Buffer, key: string | null = KEY) {
  const dir = await tempDir();
  const [source, media] = [join(dir, 'source'), join(dir, 'media')];
  await writeFile(source, bytes);
  const store = new DiskStore(media, key);
  await store.put(PATH, source);
  return { store, media, file: join(media, PATH) };
}

const read = async (store: DiskStore, path = PATH, range?: { start: number; end: number }) =>
  buffer(await store.open(path, range));

test.each([0, 1, 63, 64, 65_535, 65_536, 65_537, 200_000])(
  'a file of %i bytes is sealed with SESSION_ENCRYPTION_KEY, and read whole and in parts',
  async (size) => {
    const bytes = randomBytes(size);
    const { store, media, file } = await aStore(bytes);
    const onDisk = await readFile(file);
    if (size >= 16) expect(onDisk.includes(bytes.subarray(0, 16))).toBe(false);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(media, '.unfinished'))).toEqual([]);
    expect((await read(store)).equals(bytes)).toBe(true);
    const ends = [0, 1, 65_535, 65_536, 131_072, size - 1].filter((at) => at >= 0 && at < size);
    for (const start of ends) {
      for (const end of ends.filter((at) => at >= start)) {
        expect((await read(store, PATH, { start, end })).equals(bytes.subarray(start, end + 1))).toBe(true);
      }
    }
    // Another process has the key alone.
    expect((await read(new DiskStore(media, KEY))).equals(bytes)).toBe(true);
  },
);

test('files that an earlier version left open are still read, whole and in parts', async () => {
  const bytes = randomBytes(100_000);
  const { media } = await aStore(bytes, null);
  const store = new DiskStore(media, KEY);
  expect((await read(store)).equals(bytes)).toBe(true);
  expect((await read(store, PATH, { start: 70_000, end: 70_009 })).equals(bytes.subarray(70_000, 70_010))).toBe(true);
});

test('without the key files lie open, and one that looks sealed is given as it is', async () => {
  const bytes = Buffer.concat([Buffer.from('SNTMEDI1'), randomBytes(500)]);
  const { store, file } = await aStore(bytes, null);
  expect((await readFile(file)).equals(bytes)).toBe(true);
  expect((await read(store)).equals(bytes)).toBe(true);
  const sealed = await aStore(bytes);
  expect((await read(sealed.store)).equals(bytes)).toBe(true);
});

test('a sealed file that was changed, cut off, moved or is of another key is not given', async () => {
  const bytes = randomBytes(150_000);
  const { store, media, file } = await aStore(bytes);
  const sealed = await readFile(file);
  await expect(read(new DiskStore(media, `${KEY}!`))).rejects.toThrow();
  for (const at of [20, 40, 60, 100, 70_000, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed[at]! ^= 1;
    await writeFile(file, changed);
    await expect(read(store)).rejects.toThrow();
  }
  for (const length of [sealed.length - 1, 65_536 + 16 + 64, 64]) {
    await writeFile(file, sealed.subarray(0, length));
    await expect(read(store)).rejects.toThrow();
  }
  await writeFile(file, sealed);
  const elsewhere = 'other/session/2026/01/row.pdf';
  await mkdir(dirname(join(media, elsewhere)), { recursive: true });
  await rename(file, join(media, elsewhere));
  await expect(read(store, elsewhere)).rejects.toThrow();
  await expect(read(store)).rejects.toMatchObject({ code: 'MEDIA_NOT_FOUND' });
});

test('a reader that goes away leaves no file open', async () => {
  const { store } = await aStore(randomBytes(1_000_000));
  const open = async () => (await readdir('/proc/self/fd')).length;
  const before = await open();
  for (let time = 0; time < 5; time++) {
    const stream = await store.open(PATH);
    stream.once('error', () => undefined);
    await new Promise((resolve) => stream.once('readable', resolve));
    await new Promise((resolve) => stream.once('close', resolve).destroy());
  }
  expect(await open()).toBe(before);
});
