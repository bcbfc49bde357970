import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred, type Deferred } from '../../src/lib/deferred.js';

/** What a process of a benchmark can be asked for: names and functions whose arguments and results survive IPC. */
export type Api = Record<string, (...args: never[]) => unknown>;

interface Request {
  id: number;
  method: string;
  args: unknown[];
}
type Reply = { id: number; result: unknown } | { id: number; error: string } | { event: string; data: unknown };

const KILL_AFTER_MS = 12_000;

/**
 * A child process that serves an `Api`: each contestant, and the simulator, runs alone, so that CPU and memory are its own.
 * It ends with `stop`, or with its parent (the IPC channel closes).
 */
export class Remote<A extends { [K in keyof A]: (...args: never[]) => unknown }> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Deferred<unknown>>();
  readonly #listeners = new Map<string, (data: never) => void>();
  #nextId = 0;

  /** @param entry a TypeScript file that calls `serve` @param flags more of Node's own options */
  constructor(entry: URL, args: string[] = [], flags: readonly string[] = []) {
    this.#child = fork(entry, args, {
      execArgv: [...flags, '--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (reply: Reply) => this.#onReply(reply));
    this.#child.once('exit', (code, signal) => {
      const gone = new Error(`${entry.pathname} ended (${signal ?? code})`);
      for (const each of this.#waiting.values()) each.reject(gone);
    });
  }

  call<K extends keyof A & string>(method: K, ...args: Parameters<A[K]>): Promise<Awaited<ReturnType<A[K]>>> {
    const id = this.#nextId++;
    const answer = deferred<unknown>();
    this.#waiting.set(id, answer);
    this.#child.send({ id, method, args } satisfies Request);
    return answer.promise as Promise<Awaited<ReturnType<A[K]>>>;
  }

  on<T>(event: string, listener: (data: T) => void): void {
    this.#listeners.set(event, listener);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await Promise.race([ended, sleep(KILL_AFTER_MS, null, { ref: false }).then(() => this.#child.kill('SIGKILL'))]);
  }

  /** SIGKILL: nothing is put in order. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #onReply(reply: Reply): void {
    if ('event' in reply) return this.#listeners.get(reply.event)?.(reply.data as never);
    const answer = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) answer?.reject(new Error(reply.error));
    else answer?.resolve(reply.result);
  }
}

/** Answers the parent's calls; `onEnd` runs when the parent lets go, then the process ends. */
export function serve(api: Api, onEnd: () => Promise<unknown> | void): void {
  // tsx turns them on; they make every `error.stack` (Baileys reads one per frame it sends) many times as dear as in production.
  process.setSourceMapsEnabled(false);
  process.on('message', (request: Request) => {
    const method = api[request.method] as ((...args: unknown[]) => unknown) | undefined;
    void Promise.resolve()
      .then(() => method!(...request.args))
      .then(
        (result) => process.send?.({ id: request.id, result }),
        (error: unknown) => process.send?.({ id: request.id, error: String((error as Error).stack ?? error) }),
      );
  });
  process.once('disconnect', () => {
    void Promise.resolve(onEnd()).finally(() => process.exit());
  });
}

/** Tells the parent something that it did not ask for. */
export function tell(event: string, data: unknown): void {
  process.send?.({ event, data });
}
