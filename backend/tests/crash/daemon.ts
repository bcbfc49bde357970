import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BACKEND = fileURLToPath(new URL('../../', import.meta.url));
/** As in `npm start`: garbage of a busy gateway is collected early instead of growing by a hundred megabytes first. */
const START_FLAGS = ['--max-semi-space-size=4'];
const START_DEADLINE_MS = 60_000;
const CALL_DEADLINE_MS = 20_000;

/** `src/` to `dist/`, as `npm run build` does: what is killed is what is shipped, and a start from source takes longer. */
export async function buildDaemon(): Promise<void> {
  await run(process.execPath, ['--import', 'tsx', join(BACKEND, 'scripts/bundle.ts')], { cwd: BACKEND });
}

export interface ApiAnswer {
  httpStatus: number;
  body: Record<string, unknown>;
}

/** The real daemon as a child process. It never restarts by itself. */
export class Daemon {
  readonly #child: ChildProcess;
  /** Resolves when the process is gone, by whatever cause. */
  readonly died: Promise<void>;
  #dead = false;
  #killed = false;

  constructor(
    private readonly port: number,
    dataDir: string,
    settings: Record<string, string>,
    /** Sent with every call: the key, where it has one. */
    private readonly headers: Record<string, string> = {},
    nodeFlags: readonly string[] = [],
  ) {
    const output = openSync(join(dataDir, 'daemon.out'), 'a');
    this.#child = spawn(process.execPath, [...START_FLAGS, ...nodeFlags, join(BACKEND, 'dist/main.js')], {
      cwd: dataDir,
      env: { PATH: process.env.PATH, PORT: String(port), ...settings },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.died = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#dead = true;
        resolve();
      });
    });
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Dead, and not by our hand. */
  get diedByItself(): boolean {
    return this.#dead && !this.#killed;
  }

  /** Null while it lives, and when a signal ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** As a power failure: no handler runs. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#killed ||= !this.#dead;
    this.#child.kill('SIGKILL');
    await this.died;
  }

  /** Resolves when the API answers, or false when the process died before. @throws after 60 s */
  async started(): Promise<boolean> {
    const deadline = Date.now() + START_DEADLINE_MS;
    while (!this.#dead) {
      const answer = await this.call('GET', '/health/live').catch(() => null);
      if (answer?.httpStatus === 200) return true;
      if (Date.now() > deadline) throw new Error('the daemon did not start');
      await delay(25);
    }
    return false;
  }

  /** Rejects when no whole answer came: refused, cut off, too late. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { 'content-type': 'application/json', connection: 'close', ...this.headers, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_DEADLINE_MS),
    });
    const text = await response.text();
    return { httpStatus: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }
}
