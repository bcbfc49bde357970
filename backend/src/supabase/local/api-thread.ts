import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { backoffMs } from '../../lib/backoff.js';
import type { Clock } from '../../lib/clock.js';
import { withDeadline } from '../../lib/deadline.js';
import { GatewayError } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import { PACKAGE_DIR } from '../../lib/package-dir.js';
import type { ApiThreadInput, FromApiThread, ToApiThread } from './api-protocol.js';

/** Where the build puts it, wherever the rest of this file has gone. */
const COMPILED_WORKER = 'dist/supabase/local/api-worker.js';
const START_DEADLINE_MS = 60_000;
const CLOSE_DEADLINE_MS = 5_000;
const RESTART = { baseMs: 100, capMs: 10_000 };

export interface StartedApi {
  port: number;
  migrated: string[];
  /** Whether users' tokens and the anon key are served, too. */
  users: boolean;
}

/**
 * The Supabase-compatible API in a thread of its own, so that parsing rows never delays a socket of WhatsApp.
 * A thread that ends by itself is started again on the same port; requests in between fail as "unreachable".
 */
export class ApiThread {
  #state: 'idle' | 'running' | 'stopping' = 'idle';
  #worker: Worker | null = null;
  #starting: Promise<StartedApi> | null = null;
  #stopping: Promise<void> | null = null;
  #failures = 0;

  /** @param deps `compiled`: the built entry to run where this file runs from source (default: the source, translated) */
  constructor(private readonly deps: { input: ApiThreadInput; log: Log; clock: Clock; compiled?: string }) {}

  /** Can be called twice. @throws GatewayError `BAD_CONFIGURATION` (port taken), `DATABASE_UNAVAILABLE` */
  start(): Promise<StartedApi> {
    return (this.#starting ??= this.#start());
  }

  /** Can be called twice; open requests get 5 s. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #start(): Promise<StartedApi> {
    const ready = await this.#run(this.deps.input.port);
    this.#state = 'running';
    return ready;
  }

  async #run(port: number): Promise<StartedApi> {
    const worker = spawnWorker({ ...this.deps.input, port }, this.deps.compiled);
    this.#worker = worker;
    const ready = new Promise<StartedApi>((resolve, reject) => {
      worker.on('message', (message: FromApiThread) => {
        if (message.type === 'ready') resolve(message);
        else if (message.type === 'failed') reject(startFailure(message, port));
        else this.deps.log[message.level](message.message, message.meta);
      });
      worker.once('error', reject);
      worker.once('exit', () => reject(new GatewayError('DATABASE_UNAVAILABLE', 'The database API thread ended.')));
    });
    try {
      const started = await withDeadline(ready, START_DEADLINE_MS, 'starting the database API');
      worker.once('exit', (code) => this.#onExit(started.port, code));
      return started;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  #onExit(port: number, code: number): void {
    if (this.#state !== 'running') return;
    this.deps.log.error('the database API thread ended by itself; starting it again', { code });
    this.#restart(port);
  }

  #restart(port: number): void {
    this.deps.clock.after(backoffMs(RESTART, this.#failures++), () => {
      if (this.#state !== 'running') return;
      this.#run(port).then(
        () => (this.#failures = 0),
        (error: unknown) => {
          this.deps.log.error('the database API did not start again', { error });
          this.#restart(port);
        },
      );
    });
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    this.#state = 'stopping';
    const worker = this.#worker;
    if (worker && worker.threadId > 0) {
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.postMessage({ type: 'close' } satisfies ToApiThread);
      await withDeadline(ended, CLOSE_DEADLINE_MS, 'closing the database API').catch(() => worker.terminate());
    }
    this.#state = 'idle';
  }
}

/** The same entry compiled (`.js`) and from source, where tsx must translate in the thread too (its `--import` does not). */
function spawnWorker(workerData: ApiThreadInput, compiled = builtEntry()): Worker {
  // A test runner's own flags are not for this thread.
  const options = { workerData, execArgv: [] };
  if (compiled) return new Worker(compiled, options);
  const tsx = pathToFileURL(
    createRequire(import.meta.url)
      .resolve('tsx/esm/api')
      .replace(/cjs$/, 'mjs'),
  ).href;
  const entry = new URL('./api-worker.ts', import.meta.url).href;
  const code = `import('${tsx}').then((tsx) => (tsx.register(), import('${entry}')))`;
  return new Worker(code, { ...options, eval: true });
}

function builtEntry(): string | null {
  return import.meta.url.endsWith('.js') ? join(PACKAGE_DIR, COMPILED_WORKER) : null;
}

function startFailure(message: Extract<FromApiThread, { type: 'failed' }>, port: number): GatewayError {
  if (message.code === 'EADDRINUSE') {
    return new GatewayError('BAD_CONFIGURATION', `Port ${port} is in use: set SUPABASE_LOCAL_PORT to a free one.`);
  }
  if (message.code === 'ERR_MODULE_NOT_FOUND') {
    return new GatewayError('BAD_CONFIGURATION', `The local database needs optional packages: ${message.message}`);
  }
  return new GatewayError('DATABASE_UNAVAILABLE', `The database API did not start: ${message.message}`, {
    details: { code: message.code },
  });
}
