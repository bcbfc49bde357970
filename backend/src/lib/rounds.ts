import type { Clock } from './clock.js';
import { withDeadline } from './deadline.js';
import { Gate } from './gate.js';
import type { Log } from './log.js';

export interface RoundsDeps {
  clock: Clock;
  log: Log;
  /** Works off what there is; stops early when `signal` aborts. */
  round: (signal: AbortSignal) => Promise<void>;
  /** How long until the next round when nobody calls for one, in ms. */
  waitMs: () => number;
  /** At least so long between two rounds, however often somebody calls. */
  pauseMs?: number;
  /** What the log says of a round that failed; the next one tries again. */
  failure: string;
}

const STOP_DEADLINE_MS = 5_000;

/**
 * Work that is looked at again and again, one round after the other.
 *
 * - `idle`: waits for a call (`wake`) or the next look. A call during a round leads to another one.
 * - `running`: a round is under way; a failure ends it, never the rounds.
 */
export class Rounds {
  readonly #gate: Gate;
  #run: { abort: AbortController; done: Promise<void> } | null = null;

  constructor(private readonly deps: RoundsDeps) {
    this.#gate = new Gate(deps.clock);
  }

  /** The first round begins at once. Can be called twice, and again after a stop. */
  start(): void {
    if (this.#run) return;
    const abort = new AbortController();
    this.#run = { abort, done: this.#loop(abort.signal) };
  }

  /** Resolves when the round under way has ended, after 5 s at the latest. Can be called twice. */
  async stop(): Promise<void> {
    const run = this.#run;
    this.#run = null;
    run?.abort.abort();
    if (run) await withDeadline(run.done, STOP_DEADLINE_MS, 'the round under way').catch(() => undefined);
  }

  /** There may be something to do. */
  wake(): void {
    this.#gate.open();
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { clock, log, round, waitMs, pauseMs = 0, failure } = this.deps;
    while (!signal.aborted) {
      try {
        await round(signal);
      } catch (error) {
        log.warn(failure, { error });
      }
      if (pauseMs > 0) await clock.sleep(pauseMs, signal);
      await this.#gate.pass(waitMs(), signal);
    }
  }
}
