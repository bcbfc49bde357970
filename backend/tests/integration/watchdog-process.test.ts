import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { program } from '../support/installation.js';

const children: ChildProcess[] = [];
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-beyond-'));
  await chmod(dir, 0o711);
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

afterAll(() => rm(dir, { recursive: true, force: true }));

/** The gateway in a process of its own, which a test breaks from inside. */
async function aDaemon(name: string, env: Record<string, string> = {}): Promise<ChildProcess> {
  const child = fork(await program('tests/support/breakable-daemon'), [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { PATH: process.env['PATH'], TEST_DIR: join(dir, name), EXIT_WHEN_BEYOND_REPAIR: 'always', ...env },
  });
  children.push(child);
  const [started] = (await once(child, 'message')) as unknown[];
  expect(started).toBe('started');
  return child;
}

const exitOf = async (child: ChildProcess) => {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal;
};
const noted = async (name: string) =>
  JSON.parse(await readFile(join(dir, name, 'sessions', 'watchdog-exit.json'), 'utf8')) as { reason: string };

test('an event loop that hangs ends the process, with a note of why', async () => {
  const child = await aDaemon('loop', { EVENT_LOOP_STALL_MS: '2000' });
  child.send('hang');
  expect(await exitOf(child)).toBe('SIGKILL');
  expect((await noted('loop')).reason).toContain('event loop');
  // Once in six hours: the same fault again so soon changes nothing, so nobody is restarted in a loop.
  const again = await aDaemon('loop', { EVENT_LOOP_STALL_MS: '2000' });
  again.send('hang for 5 s');
  const [word] = (await once(again, 'message')) as unknown[];
  expect(word).toBe('back');
}, 60_000);

test('a journal that takes nothing any more ends the process with a code of its own', async () => {
  const child = await aDaemon('journal', { HEALTH_CHECK_INTERVAL_MS: '200' });
  child.send('break the journal');
  expect(await exitOf(child)).toBe(70);
  expect((await noted('journal')).reason).toBe('JOURNAL_DEAD');
}, 60_000);
