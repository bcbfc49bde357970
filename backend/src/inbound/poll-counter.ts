import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import type { Log } from '../lib/log.js';
import type { Evento } from '../supabase/evento.js';
import { countVotes, type PollCount, type PollVotes } from './count-votes.js';
import { Gate } from './gate.js';

export interface PollCounterDeps {
  polls: {
    pending(limit: number): Promise<PollVotes[]>;
    save(id: string, seen: string[], count: PollCount): Promise<void>;
  };
  clock: Clock;
  log: Log;
}

/** The database keeps what is waiting; a hint that was missed costs at most this long. */
const LOOK_EVERY_MS = 30_000;
const BATCH = 50;
const STOP_DEADLINE_MS = 5_000;

/**
 * Opens and counts the votes of polls. What waits is marked in the database together with the vote itself, so a crash or
 * an outage only delays it.
 *
 * - `idle`: waits for a hint or the next look.
 * - `running`: works off what waits; a failure ends the round, the next look tries again.
 */
export class PollCounter {
  readonly #gate: Gate;
  #run: { abort: AbortController; done: Promise<void> } | null = null;

  constructor(private readonly deps: PollCounterDeps) {
    this.#gate = new Gate(deps.clock);
  }

  start(): void {
    if (this.#run) return;
    const abort = new AbortController();
    this.#run = { abort, done: this.#loop(abort.signal) };
  }

  /** Resolves when the round under way has ended, after 5 s at the latest: what it did not write is counted again. */
  async stop(): Promise<void> {
    const run = this.#run;
    this.#run = null;
    run?.abort.abort();
    if (run) await withDeadline(run.done, STOP_DEADLINE_MS, 'the count under way').catch(() => undefined);
  }

  /** Told what has just become rows: a vote, or a poll whose votes may have waited for it. */
  written(eventos: readonly Evento[]): void {
    if (eventos.some(concernsPolls)) this.#gate.open();
  }

  async #loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#countAll(signal);
      await this.#gate.pass(LOOK_EVERY_MS, signal);
    }
  }

  async #countAll(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const polls = await this.deps.polls.pending(BATCH);
        for (const poll of polls) {
          if (signal.aborted) return;
          const { count, seen } = countVotes(poll);
          await this.deps.polls.save(poll.id, seen, count);
        }
        if (polls.length < BATCH || signal.aborted) return;
      }
    } catch (error) {
      this.deps.log.warn('votes not counted now', { error });
    }
  }
}

function concernsPolls(evento: Evento): boolean {
  if (evento.op === 'mensagem') return evento.subtipo === 'ENQUETE';
  return evento.op === 'dados' && 'votosPendentes' in evento.dados;
}
