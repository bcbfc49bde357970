import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Journal } from '../../src/journal/journal.js';
import { silentLog } from '../../src/lib/log.js';
import { aPart, aStanza, CONNECTION, textOf } from '../unit/journal-records.js';

const CHILD = fileURLToPath(new URL('./journal-child.ts', import.meta.url));

const undo: (() => unknown)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const step of undo.splice(0).reverse()) await step();
});

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'journal-disk-'));
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const must = (command: string, ...args: string[]) => void execFileSync(command, args);

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const dir = mkdtempSync(join(tmpdir(), 'journal-mount-'));
  const mounted = works('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir) && works('umount', dir);
  rmSync(dir, { recursive: true, force: true });
  return mounted;
}

/** A disk of its own. */
function smallDisk(size: string): { dir: string; remount(options: string): void } {
  const dir = tempDir();
  must('mount', '-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', dir);
  undo.push(() => must('umount', dir));
  return { dir, remount: (options) => must('mount', '-o', `remount,${options}`, dir) };
}

async function openJournal(dir: string): Promise<Journal> {
  const journal = await Journal.open({ dir, encryptionKey: null, maxBytes: 1 << 30, log: silentLog });
  undo.push(() => journal.close());
  return journal;
}

function commitOne(journal: Journal, n: number): Promise<{ seqs: number[] }> {
  const id = `${n}`;
  return journal.commit({
    keys: { connectionId: CONNECTION, mutations: { session: { [id]: Buffer.alloc(3000, n) } } },
    parts: [aPart(id)],
    entries: [aStanza(id)],
  });
}

/** Entry, ratchet and part of each n are there or none of them. */
function present(journal: Journal, limit: number): number[] {
  const logged = journal.claimEntries(limit).map((entry) => Number(textOf(entry)));
  const ids = Array.from({ length: limit }, (_, n) => `${n}`);
  expect(Object.keys(journal.getKeys(CONNECTION, 'session', ids)).map(Number)).toEqual(logged);
  return logged;
}

describe.each([{ mountable: canMount() }])('on a disk of its own (mount allowed: $mountable)', ({ mountable }) => {
  const onDisk = mountable ? test : test.skip;

  onDisk('a full disk rejects with ENOSPC, loses nothing acknowledged, and heals when there is room', async () => {
    // lmdb reports a failed commit on the console as well.
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const disk = smallDisk('400k');
    const journal = await openJournal(disk.dir);
    const acknowledged: number[] = [];
    let failure: unknown = null;
    for (let n = 0; n < 1000 && failure === null; n++) {
      await commitOne(journal, n).then(
        () => acknowledged.push(n),
        (error: unknown) => (failure = error),
      );
    }
    expect(failure).toMatchObject({
      code: 'JOURNAL_FAILED',
      cause: expect.objectContaining({ message: expect.stringContaining('No space left') }),
    });
    expect(present(journal, 1000)).toEqual(acknowledged);
    const concurrent = await Promise.allSettled([1001, 1002, 1003].map((n) => commitOne(journal, n)));
    expect(concurrent.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    disk.remount('size=4m');
    await commitOne(journal, acknowledged.length);
    expect(present(journal, 1000)).toEqual([...acknowledged, acknowledged.length]);
    await journal.close();
    expect(present(await openJournal(disk.dir), 1000)).toHaveLength(acknowledged.length + 1);
  });

  onDisk('a read-only directory is refused at the start', async () => {
    const disk = smallDisk('4m');
    const journal = await openJournal(disk.dir);
    await commitOne(journal, 0);
    await journal.close();
    disk.remount('ro');
    await expect(openJournal(disk.dir)).rejects.toMatchObject({
      code: 'JOURNAL_FAILED',
      message: expect.stringContaining(disk.dir),
    });
    disk.remount('rw');
    expect(present(await openJournal(disk.dir), 10)).toEqual([0]);
  });
});

const STRACE = 'strace';

/** Runs the writing process with its system calls watched. */
function traced(args: string[], ...child: string[]): { trace: string; stdout: string; status: number | null } {
  const dir = tempDir();
  const log = join(dir, 'trace');
  const strace = ['-f', '-o', log, '-e', 'trace=fdatasync,write', ...args];
  const writer = [process.execPath, '--import', 'tsx', CHILD, join(dir, 'data'), ...child];
  const run = spawnSync(STRACE, [...strace, ...writer], { encoding: 'utf8', timeout: 60_000 });
  return { trace: readFileSync(log, 'utf8'), stdout: run.stdout, status: run.status };
}

describe.each([{ traceable: works(STRACE, '-f', 'true') }])(
  'system calls (strace works: $traceable)',
  ({ traceable }) => {
    const withStrace = traceable ? test : test.skip;
    const COMMITS = 50;

    withStrace(
      'each commit is flushed once, and before it is acknowledged',
      () => {
        const { trace, stdout } = traced([], '-', '1', `${COMMITS}`);
        const steps = (trace.match(/fdatasync.*\) += 0|write\(1, "\+ /g) ?? []).map((step) => step.slice(0, 5));
        const afterOpen = steps.slice(steps.indexOf('write') - 1);
        expect(stdout.match(/^\+ /gm)).toHaveLength(COMMITS);
        expect(afterOpen).toEqual(Array.from({ length: COMMITS }, () => ['fdata', 'write']).flat());
      },
      90_000,
    );

    withStrace(
      'a disk that fails to flush (EIO) rejects the commit instead of hanging or acknowledging',
      () => {
        const { trace, stdout, status } = traced(['-e', 'inject=fdatasync:error=EIO:when=20+'], '-', '1', '1000');
        expect(stdout).toContain('! JOURNAL_FAILED');
        const flushed = trace.match(/fdatasync.*\) += 0/g) ?? [];
        expect(stdout.match(/^\+ /gm)?.length).toBeLessThanOrEqual(flushed.length);
        expect(status).toBe(0);
      },
      90_000,
    );
  },
);
