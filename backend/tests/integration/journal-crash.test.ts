import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { Journal } from '../../src/journal/journal.js';
import { silentLog } from '../../src/lib/log.js';
import { program } from '../support/installation.js';
import { CONNECTION, sha256, textOf } from '../unit/journal-records.js';

const KILLS = 20;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'journal-crash-'));
  undo.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const openHere = (dir: string, encryptionKey: string | null) =>
  Journal.open({ dir, encryptionKey, maxBytes: 1 << 30, log: silentLog });

/** What the child was promised; lines cut off by the kill are left out. */
class Promises {
  readonly durable = new Set<string>();
  readonly maybeCompleted = new Set<string>();
  readonly completed = new Set<string>();
  readonly #sets = { '+': this.durable, '?': this.maybeCompleted, '-': this.completed };

  hear(line: string): void {
    const [sign, n] = line.split(' ');
    if (n !== undefined && (sign === '+' || sign === '?' || sign === '-')) this.#sets[sign].add(n);
  }
}

async function startChild(
  args: string[],
  promises: Promises,
): Promise<{ child: ChildProcess; ended: Promise<unknown> }> {
  const child = spawn(process.execPath, [await program('tests/integration/journal-child'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  undo.push(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
  const started = new Promise((resolve) => lines.once('line', resolve));
  lines.on('line', (line) => promises.hear(line));
  await Promise.race([started, ended]);
  return { child, ended };
}

function check(journal: Journal, promises: Promises): void {
  const entries = journal.claimEntries(Number.MAX_SAFE_INTEGER);
  const logged = new Set(entries.map(textOf));
  for (const n of promises.durable) {
    if (!promises.maybeCompleted.has(n) && !logged.has(n)) throw new Error(`acknowledged entry ${n} is lost`);
  }
  for (const n of promises.completed) if (logged.has(n)) throw new Error(`completed entry ${n} has come back`);
  for (const n of logged) {
    const key = journal.getKeys(CONNECTION, 'session', [n])[n];
    const part = journal.findPart(CONNECTION, sha256(n));
    if (key === undefined || part?.plaintext == null)
      throw new Error(`entry ${n} is there without its ratchet or part`);
  }
  // The last ratchet that is there belongs to an entry that is there (or was completed).
  const last = (journal.getKeys(CONNECTION, 'session', ['last'])['last'] as { n: string } | undefined)?.n;
  if (last !== undefined && !logged.has(last) && !promises.maybeCompleted.has(last)) {
    throw new Error(`ratchet ${last} is there without its entry`);
  }
}

test.each([
  { name: 'plain, one committer', key: '-', committers: '1', kills: KILLS / 2 },
  { name: 'sealed, thirty committers', key: 'chave', committers: '30', kills: KILLS / 2 },
])(
  'nothing acknowledged is lost and nothing is half there after SIGKILL ($name)',
  async ({ key, committers, kills }) => {
    const dir = await tempDir();
    const promises = new Promises();
    for (let kill = 0; kill < kills; kill++) {
      const { child, ended } = await startChild([dir, key, committers], promises);
      await pause(20 + Math.random() * 150);
      child.kill('SIGKILL');
      await ended;
      expect(existsSync(join(dir, 'journal.sock'))).toBe(true);
      const journal = await openHere(dir, key === '-' ? null : key);
      check(journal, promises);
      await journal.close();
    }
    expect(promises.durable.size).toBeGreaterThan(kills);
    expect(promises.completed.size).toBeGreaterThan(0);
  },
  120_000,
);

test('while a process has the directory, another one is refused and told its pid', async () => {
  const dir = await tempDir();
  const { child, ended } = await startChild([dir, '-', '1'], new Promises());
  await expect(openHere(dir, null)).rejects.toMatchObject({ code: 'JOURNAL_LOCKED', details: { pid: child.pid } });
  child.kill('SIGKILL');
  await ended;
  // Its socket file is left. Of two that find it at once, one takes over.
  const both = await Promise.allSettled([openHere(dir, null), openHere(dir, null)]);
  const opened = both.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  expect(opened).toHaveLength(1);
  await opened[0]?.close();
});
