import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_DECODE_OPTIONS } from '../../src/inbound/decode-options.js';
import { Projector } from '../../src/inbound/projector.js';
import { Journal } from '../../src/journal/journal.js';
import { MARKS_FILE, worksOf } from '../../src/journal/work-marks.js';
import { silentLog } from '../../src/lib/log.js';
import type { Evento } from '../../src/supabase/evento.js';
import { aReceipt, aText } from './inbound/entries.js';
import { ManualClock } from './inbound/manual-clock.js';
import { accept, idOf, until } from './inbound/projector-fixture.js';

let dir: string;
const open = () => Journal.open({ dir, encryptionKey: null, maxBytes: 2 ** 30, log: silentLog });

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'poison-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** What a process leaves behind that dies with this in its hands: the marks of its file, as the kernel has them. */
async function dieWhile(journal: Journal, ...keys: string[]): Promise<void> {
  for (const key of keys) journal.work.begin(key);
  const left = await readFile(join(dir, MARKS_FILE));
  await journal.close();
  await writeFile(join(dir, MARKS_FILE), left);
}

/** One life of the projector until the log is worked off. @returns the ids of the rows, in order */
async function project(journal: Journal): Promise<string[]> {
  const written: Evento[] = [];
  const projector = new Projector({
    ...{ journal, clock: new ManualClock(), log: silentLog, optionsFor: () => DEFAULT_DECODE_OPTIONS },
    database: { registrarEventos: (lote) => (written.push(...lote), Promise.resolve(accept(lote))) },
  });
  await projector.start();
  await until(() => journal.stats().pendingEntries === 0 && projector.state === 'idle');
  await projector.stop();
  return written.map(idOf);
}

async function withThree(): Promise<number[]> {
  const journal = await open();
  const { seqs } = await journal.commit({ entries: ['A', 'B', 'C'].map((id) => aText('oi', { attrs: { id } })) });
  await dieWhile(journal, worksOf(seqs[1]!).reading);
  return seqs;
}

describe('an entry that the process dies of', () => {
  test('is tried once more after the first death', async () => {
    await withThree();
    const journal = await open();
    expect(await project(journal)).toEqual(['A', 'B', 'C']);
    expect(journal.stats().deadLetters).toBe(0);
    await journal.close();
  });

  test.each(['reading', 'following'] as const)(
    'lies with the dead letters after the second (%s); the rest goes on',
    async (phase) => {
      const seqs = await withThree();
      const second = await open();
      const key = worksOf(seqs[1]!)[phase];
      if (phase === 'following') {
        await dieWhile(second, key);
        await dieWhile(await open(), key);
      } else {
        await dieWhile(second, key);
      }
      const third = await open();
      expect(await project(third)).toEqual(['A', 'C']);
      expect(third.listDeadLetters(10)).toMatchObject([{ entry: { seq: seqs[1] }, reason: { code: 'PROCESS_DIED' } }]);
      await third.close();
    },
  );

  test('is read again when a person asks for it', async () => {
    const seqs = await withThree();
    await dieWhile(await open(), worksOf(seqs[1]!).reading);
    const third = await open();
    await project(third);
    await third.retryDeadLetter(seqs[1]!);
    expect(await project(third)).toEqual(['B']);
    await third.close();
    const fourth = await open();
    expect(fourth.work.deaths(worksOf(seqs[1]!).reading)).toBe(0);
    await fourth.close();
  });

  test('an orderly stop in the middle of the work is no death', async () => {
    const journal = await open();
    journal.work.begin('entry:1');
    await journal.close();
    const next = await open();
    expect(next.work.deaths('entry:1')).toBe(0);
    await next.close();
  });

  test('work that ends well is forgotten; deaths in between do not add up over months', async () => {
    const journal = await open();
    await dieWhile(journal, 'history:x');
    const second = await open();
    expect(second.work.deaths('history:x')).toBe(1);
    second.work.begin('history:x')();
    expect(second.work.deaths('history:x')).toBe(0);
    await second.close();
    const third = await open();
    expect(third.work.deaths('history:x')).toBe(0);
    await third.close();
  });

  test('the marks are for the owner only, and more work than there is room for goes unmarked', async () => {
    const journal = await open();
    expect((await stat(join(dir, MARKS_FILE))).mode & 0o777).toBe(0o600);
    const ends = Array.from({ length: 100 }, (_, at) => journal.work.begin(`entry:${at + 1}`));
    for (const end of ends) end();
    expect((await readFile(join(dir, MARKS_FILE))).every((byte) => byte === 0)).toBe(true);
    await journal.close();
  });

  test.each([
    ['damaged', Buffer.from('\u0000\u0001entry'.repeat(900))],
    ['short', Buffer.from('entry:')],
    ['empty', Buffer.alloc(0)],
  ])('a %s file of marks harms nothing', async (_, bytes) => {
    await writeFile(join(dir, MARKS_FILE), bytes);
    const journal = await open();
    await journal.commit({ entries: [aText('oi', { attrs: { id: 'A' } })] });
    expect(await project(journal)).toEqual(['A']);
    await journal.close();
  });
});

describe('an entry that means too much', () => {
  test('receipts of more messages than one entry may change are set aside; the rest goes on', async () => {
    const journal = await open();
    const item = (_: unknown, at: number) => ({ tag: 'item', attrs: { id: `M${at}` } });
    const many = [{ tag: 'list', attrs: {}, content: Array.from({ length: 20_000 }, item) }];
    const after = aText('oi', { attrs: { id: 'A' } });
    await journal.commit({ entries: [aReceipt({ type: 'read' }, many), after] });
    expect(await project(journal)).toEqual(['A']);
    expect(journal.listDeadLetters(10)).toMatchObject([{ entry: { kind: 'receipt' }, reason: { code: 'TOO_LARGE' } }]);
    await journal.close();
  });
});
