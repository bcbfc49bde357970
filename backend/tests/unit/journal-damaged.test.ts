import { closeSync, openSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { copyJournal } from '../../src/journal/copy-journal.js';
import { inspectDataFile } from '../../src/journal/inspect-data-file.js';
import { DATA_FILE } from '../../src/journal/open-environment.js';
import { assertSoundDataFile } from '../../src/journal/sound-data-file.js';
import { hasDiedOpening } from '../../src/journal/traces.js';
import { silentLog } from '../../src/lib/log.js';
import { aConnection, CONNECTION, openJournal, tempDir } from './journal-fixture.js';

const PAGE = 4096;
let whole: Buffer;

beforeAll(async () => {
  const dir = await aDirectory();
  whole = await readFile(join(dir, DATA_FILE));
});

/** A closed journal with a connection and enough keys for a tree of several levels. */
async function aDirectory(): Promise<string> {
  const dir = await tempDir();
  const journal = await openJournal({ dir });
  const keys = Object.fromEntries(
    Array.from({ length: 1500 }, (_, n) => [`k${n}`, Buffer.alloc(n % 9 ? 60 : 6000, n)]),
  );
  await journal.commit({ connections: [aConnection()] });
  await journal.commit({ keys: { connectionId: CONNECTION, mutations: { session: keys } } });
  // Without the newer meta page the last commit is not there: it is one that means nothing.
  await journal.probe();
  await journal.close();
  return dir;
}

/** The journal with these bytes in a directory of its own. @param known false: the directory never had one */
async function withBytes(bytes: Buffer, { known = true } = {}): Promise<{ dir: string; file: string }> {
  const dir = await tempDir();
  const file = join(dir, DATA_FILE);
  await writeFile(file, bytes, { mode: 0o600 });
  if (known) await writeFile(join(dir, 'journal.known'), '');
  return { dir, file };
}

function damaged(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(whole);
  change(bytes);
  return bytes;
}

function stateOf(file: string): string {
  const fd = openSync(file, 'r');
  try {
    return inspectDataFile(fd).state;
  } finally {
    closeSync(fd);
  }
}

const refusal = (dir: string) =>
  openJournal({ dir }).then(
    () => null,
    (error: { code: string; message: string }) => error,
  );

describe('a damaged journal is refused by name, with the way back, instead of killing the process', () => {
  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['both meta pages are zero', (b) => b.fill(0, 0, 2 * PAGE), /not those of a journal/],
    ['it is another file', (b) => b.fill('texto ', 0), /not those of a journal/],
    ['another architecture wrote it', (b) => swapMagic(b), /another architecture/],
    ['another LMDB wrote it', (b) => both(b, (o) => b.writeUInt32LE(9, o + 28)), /data format 9/],
    ['its page size is none', (b) => both(b, (o) => b.writeUInt32LE(1000, o + 48)), /pages of 1000 bytes/],
    ['its page size is another one', (b) => both(b, (o) => b.writeUInt32LE(8192, o + 48)), /is damaged/],
    ['the roots lead nowhere', (b) => both(b, (o) => b.writeBigUInt64LE(99_999n, o + 136)), /is damaged/],
    ['its pages are zero', (b) => b.fill(0, 2 * PAGE), /is damaged/],
    ['its pages are garbage', (b) => b.fill(0xa7, 2 * PAGE), /is damaged/],
  ])('%s', async (_what, change, why) => {
    const { dir, file } = await withBytes(change(Buffer.from(whole)));
    const error = await refusal(dir);
    expect(error?.code).toBe('JOURNAL_DAMAGED');
    expect(error?.message).toContain(file);
    expect(error?.message).toMatch(why);
    expect(error?.message).toContain('npm run restore');
  });

  test('it ends too early, wherever', async () => {
    const lengths = [
      1,
      23,
      160,
      PAGE - 1,
      PAGE,
      PAGE + 100,
      2 * PAGE - 1,
      2 * PAGE,
      3 * PAGE,
      20 * PAGE,
      whole.length / 2,
      whole.length * 0.9,
    ];
    for (const length of lengths) {
      const { dir } = await withBytes(whole.subarray(0, Math.floor(length)));
      expect([length, (await refusal(dir))?.code]).toEqual([length, 'JOURNAL_DAMAGED']);
    }
  }, 60_000);

  test('a page deep inside is garbage: after the start that died of it, the next one says so', async () => {
    const { dir, file } = await withBytes(whole);
    // Everything that the look before the opening does not see.
    for (let page = 2; page < whole.length / PAGE; page++) {
      const before = await readFile(file);
      await writeFile(file, Buffer.from(before).fill(0xa7, page * PAGE, (page + 1) * PAGE));
      if (stateOf(file) !== 'sound') await writeFile(file, before);
    }
    expect(stateOf(file)).toBe('sound');
    await writeFile(join(dir, 'journal.opening'), '1');
    expect(await refusal(dir)).toMatchObject({
      code: 'JOURNAL_DAMAGED',
      message: expect.stringContaining('reading it'),
    });
  }, 60_000);

  test('a directory, or a link that leads nowhere, is in its place', async () => {
    const [folder, link] = [await tempDir(), await tempDir()];
    await mkdir(join(folder, DATA_FILE));
    await symlink(join(link, 'nowhere'), join(link, DATA_FILE));
    expect((await refusal(folder))?.message).toMatch(/is a directory.*npm run restore/);
    expect((await refusal(link))?.message).toMatch(/leads nowhere.*npm run restore/);
    expect(await readdir(link)).not.toContain('nowhere');
  });

  test('a copy of it is refused as well, and the process that copies lives on', async () => {
    const { dir } = await withBytes(damaged((bytes) => bytes.fill(0xa7, 2 * PAGE)));
    await expect(copyJournal(dir, await tempDir())).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
  });
});

test.each([0, 1])('with meta page %i unusable the other one is used, and its bytes are kept', async (page) => {
  const { dir } = await withBytes(damaged((bytes) => bytes.fill(0, page * PAGE, (page + 1) * PAGE)));
  const journal = await openJournal({ dir });
  expect(journal.listConnections()).toHaveLength(1);
  expect(await readdir(dir)).toContain(`journal.lmdb.meta-page-${page}-before-repair`);
});

test('a journal whose last pages were never written opens, and so does one that is a link or read-only', async () => {
  const { dir, file } = await withBytes(damaged((bytes) => both(bytes, (o) => growBy(bytes, o, 3n))));
  expect(stateOf(file)).toBe('suspect');
  expect((await openJournal({ dir })).listConnections()).toHaveLength(1);
  const [linked, readOnly] = [await tempDir(), await withBytes(whole)];
  await copyFile((await withBytes(whole)).file, join(linked, 'elsewhere'));
  await symlink(join(linked, 'elsewhere'), join(linked, DATA_FILE));
  expect((await openJournal({ dir: linked })).listConnections()).toHaveLength(1);
  await chmod(readOnly.file, 0o400);
  expect((await openJournal({ dir: readOnly.dir })).listConnections()).toHaveLength(1);
});

describe('a journal that is gone is not taken for a new one', () => {
  test.each(['absent', 'empty'])('when its file is %s', async (state) => {
    const dir = await aDirectory();
    if (state === 'absent') await rm(join(dir, DATA_FILE));
    else await truncate(join(dir, DATA_FILE));
    const error = await refusal(dir);
    expect(error?.code).toBe('JOURNAL_GONE');
    expect(error?.message).toMatch(/npm run restore.*START_WITHOUT_JOURNAL=true/s);
    expect((await openJournal({ dir, acceptNew: true })).listConnections()).toEqual([]);
  });

  test('in a directory that never had one, an empty file is the beginning of one', async () => {
    const { dir } = await withBytes(Buffer.alloc(0), { known: false });
    expect((await openJournal({ dir })).unconfirmed).toBe(true);
  });

  test('a new one counts from the moment when somebody says so, or it has a connection', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    expect(first.unconfirmed).toBe(true);
    await first.close();
    const again = await openJournal({ dir });
    expect(again.unconfirmed).toBe(true);
    await again.confirm();
    await again.close();
    await rm(join(dir, DATA_FILE));
    expect((await refusal(dir))?.code).toBe('JOURNAL_GONE');
  });
});

test('the trace of an opening is gone when the journal is closed', async () => {
  const dir = await tempDir();
  const journal = await openJournal({ dir });
  expect(hasDiedOpening(dir)).toBe(true);
  await journal.close();
  expect(hasDiedOpening(dir)).toBe(false);
  expect(await assertSoundDataFile(join(dir, DATA_FILE), { acceptNew: false, log: silentLog })).toBe(true);
});

function both(bytes: Buffer, change: (offset: number) => unknown): Buffer {
  change(0);
  change(PAGE);
  return bytes;
}

function swapMagic(bytes: Buffer): Buffer {
  return both(bytes, (offset) => bytes.subarray(offset + 24, offset + 28).swap32());
}

function growBy(bytes: Buffer, offset: number, pages: bigint): void {
  bytes.writeBigUInt64LE(bytes.readBigUInt64LE(offset + 144) + pages, offset + 144);
}
