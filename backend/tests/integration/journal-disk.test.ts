import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Journal } from '../../src/journal/journal.js';
import { silentLog } from '../../src/lib/log.js';
import { program } from '../support/installation.js';
import { aStanza, CONNECTION, textOf } from '../unit/journal-records.js';

let child: string;
beforeAll(async () => {
  child = await program('tests/integration/journal-child');
});

const undo: (() => unknown)[] = [];
afterEach(async () => {
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

const ratchet = (n: string) => ({ connectionId: CONNECTION, mutations: { session: { [n]: { n } } } });

/** Entry and ratchet of each n are there, or neither of them. */
function present(journal: Journal): number[] {
  const logged = journal.claimEntries(Number.MAX_SAFE_INTEGER).map(textOf);
  expect(Object.keys(journal.getKeys(CONNECTION, 'session', logged))).toHaveLength(logged.length);
  return logged.map(Number);
}

describe.each([{ mountable: canMount() }])('on a disk of its own (mount allowed: $mountable)', ({ mountable }) => {
  const onDisk = mountable ? test : test.skip;

  onDisk('a full disk rejects the commit, loses nothing acknowledged, and heals when there is room', async () => {
    const disk = smallDisk('1600k');
    const writer = spawn(process.execPath, [child, disk.dir, '-', '3', '10000'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let complaints = '';
    writer.stderr.on('data', (bytes: Buffer) => (complaints += bytes.toString()));
    undo.push(() => writer.kill('SIGKILL'));
    const ended = once(writer, 'exit');
    const said: string[] = [];
    for await (const line of createInterface({ input: writer.stdout })) {
      said.push(line);
      if (!line.startsWith('!')) continue;
      disk.remount('size=8m');
      writer.stdin.end();
    }
    expect(await ended).toEqual([0, null]);
    // LMDB, which corrupts memory when a disk is full, has not met it.
    expect(complaints).toBe('');
    const refused = said.findIndex((line) => line.startsWith('!'));
    expect(said[refused]).toMatch(/^! JOURNAL_FAILED No space left/);
    expect(said.slice(refused + 1).filter((line) => line.startsWith('+ ')).length).toBeGreaterThan(0);
    const acknowledged = said.filter((line) => line.startsWith('+ ')).map((line) => Number(line.slice(2)));
    expect(new Set(present(await openJournal(disk.dir)))).toEqual(new Set(acknowledged));
  });

  onDisk('a read-only directory is refused at the start', async () => {
    const disk = smallDisk('4m');
    const journal = await openJournal(disk.dir);
    await journal.commit({ entries: [aStanza('1')], keys: ratchet('1') });
    await journal.close();
    disk.remount('ro');
    await expect(openJournal(disk.dir)).rejects.toMatchObject({
      code: 'JOURNAL_FAILED',
      message: expect.stringContaining(disk.dir),
    });
    disk.remount('rw');
    expect(present(await openJournal(disk.dir))).toEqual([1]);
  });
});

const STRACE = 'strace';

/** Runs the writing process with its system calls watched. */
function traced(args: string[], ...rest: string[]): { trace: string; stdout: string; status: number | null } {
  const dir = tempDir();
  const log = join(dir, 'trace');
  const strace = ['-f', '-o', log, '-e', 'trace=fdatasync,write', ...args];
  const writer = [process.execPath, child, join(dir, 'data'), ...rest];
  const run = spawnSync(STRACE, [...strace, ...writer], { input: '', encoding: 'utf8', timeout: 60_000 });
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
        // Opening a new journal flushes once for each of its tables; the disk fails well after that.
        const { trace, stdout, status } = traced(['-e', 'inject=fdatasync:error=EIO:when=100+'], '-', '1', '1000');
        expect(stdout).toContain('! JOURNAL_FAILED');
        const flushed = trace.match(/fdatasync.*\) += 0/g) ?? [];
        expect(stdout.match(/^\+ /gm)?.length).toBeLessThanOrEqual(flushed.length);
        expect(status).toBe(0);
      },
      90_000,
    );
  },
);
