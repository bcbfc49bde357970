import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { Rounds } from '../lib/rounds.js';

/** `essentials`: credentials and keys, in the data directory. `backup`: everything, in BACKUP_DIR. */
export type CopyKind = 'essentials' | 'backup';

/** How the copies of one kind stand. */
export interface CopyStatus {
  kind: CopyKind;
  /** When the newest one was made, ms since the epoch; null = there is none. */
  lastAt: number | null;
  /** Why the last try failed; null when it did not. */
  error: string | null;
}

export interface CopyRoundsDeps {
  kind: CopyKind;
  everyMs: number;
  /** At least so long after the start, and between two rounds. */
  pauseMs: number;
  /** When the newest copy of an earlier run was made. */
  lastAt: () => number | null;
  /** Makes one, whole or not at all. @returns false when there is nothing new to copy */
  make: (signal: AbortSignal) => Promise<boolean>;
  /** Removes the old ones; called after a good new one only. */
  removeOld: () => Promise<void>;
  /** A try failed, and the one before it had not. */
  onFailing: (kind: CopyKind, error: string) => void;
  clock: Clock;
  log: Log;
}

/** A failed try is made again after so long, or when it would be due anyway. */
const RETRY_MS = 60 * 60 * 1000;

/** Makes copies by the clock, one at a time. A restart of the gateway neither repeats one nor puts one off. */
export class CopyRounds {
  readonly #rounds: Rounds;
  #cancelStart: (() => void) | null = null;
  #lastTryAt: number | null = null;
  #lastAt: number | null = null;
  #error: string | null = null;
  #woken = false;

  constructor(private readonly deps: CopyRoundsDeps) {
    const { clock, log, pauseMs } = deps;
    this.#rounds = new Rounds({
      ...{ clock, log, pauseMs, failure: `${deps.kind}: the round failed` },
      round: (signal) => this.#round(signal),
      waitMs: () => this.#dueInMs(),
    });
  }

  /** Can be called twice. */
  start(): void {
    this.#lastAt = this.deps.lastAt();
    this.#cancelStart ??= this.deps.clock.after(this.deps.pauseMs, () => this.#rounds.start());
  }

  /** The try under way ends, or is given up after 5 s. Can be called twice. */
  async stop(): Promise<void> {
    this.#cancelStart?.();
    this.#cancelStart = null;
    await this.#rounds.stop();
  }

  /** There is something that is worth a copy now. */
  wake(): void {
    this.#woken = true;
    this.#rounds.wake();
  }

  get status(): CopyStatus {
    return { kind: this.deps.kind, lastAt: this.#lastAt, error: this.#error };
  }

  async #round(signal: AbortSignal): Promise<void> {
    if (!this.#woken && this.#dueInMs() > 0) return;
    this.#woken = false;
    const { kind, clock, log, make, removeOld, onFailing } = this.deps;
    this.#lastTryAt = clock.now();
    const began = performance.now();
    try {
      const made = await make(signal);
      this.#error = null;
      if (!made) return;
      this.#lastAt = this.#lastTryAt;
      log.info('copy made', { kind, ms: Math.round(performance.now() - began) });
      await removeOld();
    } catch (error) {
      if (signal.aborted) return;
      log.error('copy failed', { kind, error });
      const isNews = this.#error === null;
      this.#error = error instanceof Error ? error.message : String(error);
      if (isNews) onFailing(kind, this.#error);
    }
  }

  #dueInMs(): number {
    const { clock, everyMs } = this.deps;
    const due = Math.max(
      this.#lastAt === null ? 0 : this.#lastAt + everyMs,
      this.#lastTryAt === null ? 0 : this.#lastTryAt + (this.#error === null ? everyMs : Math.min(everyMs, RETRY_MS)),
    );
    // A clock that was set back must not put it off for years.
    return Math.min(Math.max(0, due - clock.now()), everyMs);
  }
}
