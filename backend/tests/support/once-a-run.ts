import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
const DEADLINE_MS = 60_000;

// Jest's workers are children of the run; with one file (or --runInBand) there are none.
const RUN = process.send ? process.ppid : process.pid;
/** The folder of this jest run. It goes with the run. */
const RUN_DIR = join(tmpdir(), `sentinela-test-${RUN}`);

/**
 * Something that all test files of one jest run share: whoever comes first makes it, the others wait for it.
 * @param make gets the run's folder; what it returns must survive JSON
 * @throws Error when whoever came first did not finish
 */
export async function onceARun<T>(name: string, make: (dir: string) => Promise<T>): Promise<T> {
  if (await made(RUN_DIR)) reapAfterwards();
  const ready = join(RUN_DIR, `${name}.json`);
  if (await made(join(RUN_DIR, `${name}.lock`))) {
    await writeFile(`${ready}.new`, JSON.stringify(await make(RUN_DIR)));
    await rename(`${ready}.new`, ready);
  }
  for (let waited = 0; waited < DEADLINE_MS; waited += POLL_MS) {
    const text = await readFile(ready, 'utf8').catch(() => null);
    if (text !== null) return JSON.parse(text) as T;
    await delay(POLL_MS);
  }
  throw new Error(`${name} of this test run was not made in ${RUN_DIR}`);
}

const made = (dir: string) =>
  mkdir(dir, { mode: 0o711 }).then(
    () => true,
    () => false,
  );

/** Nobody can run code when the whole run is over (or was killed): a process of its own waits for that. */
function reapAfterwards(): void {
  const reaper = `
    const { readFileSync, rmSync } = require('node:fs');
    const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
    const timer = setInterval(() => {
      if (alive(${RUN})) return;
      clearInterval(timer);
      try { process.kill(Number(readFileSync(${JSON.stringify(join(RUN_DIR, 'postgres', 'postmaster.pid'))}, 'utf8').split('\\n')[0]), 'SIGQUIT'); } catch {}
      setTimeout(() => rmSync(${JSON.stringify(RUN_DIR)}, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }), 300);
    }, 250);`;
  spawn(process.execPath, ['-e', reaper], { detached: true, stdio: 'ignore' }).unref();
}
