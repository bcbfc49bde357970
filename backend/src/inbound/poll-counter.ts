import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { Evento } from '../supabase/evento.js';
import { countVotes, type PollCount, type PollVotes } from './count-votes.js';
import { Rounds } from '../lib/rounds.js';

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

/**
 * Opens and counts the votes of polls. What waits is marked in the database together with the vote itself, so a crash or
 * an outage only delays it.
 *
 * - `idle`: waits for a hint or the next look.
 * - `running`: works off what waits; a failure ends the round, the next look tries again.
 */
export class PollCounter {
  readonly #rounds: Rounds;

  constructor(private readonly deps: PollCounterDeps) {
    const round = (signal: AbortSignal) => this.#countAll(signal);
    const failure = 'votes not counted now';
    this.#rounds = new Rounds({ clock: deps.clock, log: deps.log, round, waitMs: () => LOOK_EVERY_MS, failure });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Resolves when the round under way has ended, after 5 s at the latest: what it did not write is counted again. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Told what has just become rows: a vote, a poll whose votes may have waited for it, or whose LID a number is. */
  written(eventos: readonly Evento[]): void {
    if (eventos.some(concernsPolls)) this.#rounds.wake();
  }

  async #countAll(signal: AbortSignal): Promise<void> {
    for (;;) {
      const polls = await this.deps.polls.pending(BATCH);
      for (const poll of polls) {
        if (signal.aborted) return;
        const { count, seen } = countVotes(poll);
        await this.deps.polls.save(poll.id, seen, count);
      }
      if (polls.length < BATCH || signal.aborted) return;
    }
  }
}

function concernsPolls(evento: Evento): boolean {
  if (evento.op === 'mensagem') return evento.subtipo === 'ENQUETE';
  // Two votes may turn out to be one person's.
  if (evento.op === 'contato') return evento.contato.pn !== null && evento.contato.lid !== null;
  return evento.op === 'dados' && 'votosPendentes' in evento.dados;
}
