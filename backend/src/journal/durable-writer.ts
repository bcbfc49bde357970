import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../lib/clock.js';
import { type Deferred, deferred } from '../lib/deferred.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { DiskRoom } from './disk-room.js';
import type { RawRoot, Write } from './tables.js';

/** A disk that does not answer for so long is a failed disk. The commit may still happen: callers fail closed either way. */
const COMMIT_DEADLINE_MS = 30_000;
/** How long a write that can wait goes without company. */
const SOON_MS = 20;
/** lmdb tells why a commit failed through a second promise, a moment after the first. */
const REASON_DEADLINE_MS = 250;

/** `now`: a flush begins at once, or right after the one under way. `soon`: with the next such write, after 20 ms by itself. */
export type Urgency = 'now' | 'soon';

interface Waiting {
  writes: readonly Write[];
  done: Deferred<void>;
}

/**
 * The only place that writes: all of a list or nothing, on the disk before the promise resolves.
 *
 * `batch` is one LMDB transaction (data pages, fdatasync, then the meta page with O_DSYNC); batches enqueued while one is
 * being flushed share the next transaction. `db.transaction(fn)` would not undo the puts made before a throw inside `fn`;
 * here nothing can throw inside, since every write is already bytes.
 */
export class DurableWriter {
  readonly #root: RawRoot;
  readonly #room: DiskRoom;
  #flushes = 0;
  #closing: Promise<void> | null = null;
  readonly #outstanding = new Map<Deferred<never>, number>();
  #watchdog: (() => void) | null = null;
  /** What waits for company, in call order. */
  #waiting: Waiting[] = [];
  #cancelWait: (() => void) | null = null;

  constructor(root: RawRoot, dir: string) {
    this.#root = root;
    this.#room = new DiskRoom(dir);
    root.on('aftercommit', ({ txnId }: { txnId?: number }) => {
      // Without an id the transaction was aborted.
      if (txnId !== undefined) this.#flushes++;
    });
  }

  /** LMDB transactions made durable since the journal was opened. */
  get flushes(): number {
    return this.#flushes;
  }

  /**
   * Takes its place in the order of calls before it returns, whatever the urgency.
   * @returns rejects with GatewayError `JOURNAL_FAILED`, never throws
   */
  write(writes: readonly Write[], urgency: Urgency = 'now'): Promise<void> {
    if (this.#closing !== null) return Promise.reject(failed(new Error('the journal is closed')));
    if (writes.length === 0) return Promise.resolve();
    if (urgency === 'soon') return this.#wait(writes);
    return this.#waiting.length === 0 ? this.#commit(writes) : this.#commitWaiting(writes);
  }

  /** What waits for company waits no longer. */
  hurry(): void {
    if (this.#waiting.length > 0) void this.#commitWaiting([]).catch(() => undefined);
  }

  #wait(writes: readonly Write[]): Promise<void> {
    const done = deferred();
    this.#waiting.push({ writes, done });
    this.#cancelWait ??= this.#hurrySoon();
    return done.promise;
  }

  /** Keeps the process alive until then, unlike the clock's timers: a process must not end under a write that it awaits. */
  #hurrySoon(): () => void {
    const timer = setTimeout(() => this.hurry(), SOON_MS);
    return () => clearTimeout(timer);
  }

  /** Those that wait first: they were called first. */
  async #commitWaiting(writes: readonly Write[]): Promise<void> {
    this.#cancelWait?.();
    this.#cancelWait = null;
    const waiting = this.#waiting.splice(0);
    const committed = this.#commit([...waiting.flatMap((each) => each.writes), ...writes]);
    for (const { done } of waiting) {
      committed.then(
        () => done.resolve(),
        (error: unknown) => done.reject(error),
      );
    }
    return committed;
  }

  #commit(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return Promise.resolve();
    let committed: Promise<boolean>;
    let release: () => void;
    try {
      release = this.#room.take(writes);
    } catch (error) {
      return Promise.reject(failed(error));
    }
    try {
      committed = this.#root.batch(() => {
        for (const { db, key, value } of writes) void (value === null ? db.remove(key) : db.put(key, value));
      });
    } catch (error) {
      release();
      return Promise.reject(failed(error));
    }
    return this.#settle(committed).finally(release);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    // Whoever waits hears of a failure.
    await this.#commitWaiting([]).catch(() => undefined);
    await this.#root.close();
    this.#watchdog?.();
  }

  async #settle(committed: Promise<boolean>): Promise<void> {
    const late = deferred<never>();
    this.#outstanding.set(late, performance.now());
    this.#watch();
    try {
      await Promise.race([committed, late.promise]);
    } catch (error) {
      throw failed(await reasonOf(error));
    } finally {
      this.#outstanding.delete(late);
    }
  }

  /** One timer for all commits: a timer for each would be a tenth of what a commit costs. */
  #watch(): void {
    if (this.#watchdog !== null) return;
    this.#watchdog = systemClock.after(COMMIT_DEADLINE_MS / 2, () => {
      this.#watchdog = null;
      const overdue = performance.now() - COMMIT_DEADLINE_MS;
      for (const [late, since] of this.#outstanding) {
        if (since < overdue) late.reject(new Error('the disk does not answer'));
      }
      if (this.#outstanding.size > 0) this.#watch();
    });
  }
}

/** Also handles `err.commitError`, whose rejection would otherwise be an unhandled one and end the process. */
async function reasonOf(error: unknown): Promise<unknown> {
  const reason = (error as { commitError?: Promise<unknown> }).commitError;
  if (reason === undefined) return error;
  const told = Promise.resolve(reason).then(
    () => error,
    (cause: unknown) => cause,
  );
  return Promise.race([told, sleep(REASON_DEADLINE_MS, error, { ref: false })]);
}

function failed(cause: unknown): GatewayError {
  if (isGatewayError(cause, 'JOURNAL_FAILED')) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new GatewayError('JOURNAL_FAILED', `The local journal cannot be written: ${why}`, { cause });
}
