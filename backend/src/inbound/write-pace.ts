import type { LogEntry } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { Gate } from '../lib/gate.js';
import type { ProjectionBatch } from './projection-batch.js';

type Kind = LogEntry['kind'];

/**
 * Whose row may wait a moment for company. One send is three entries within some 20 ms (the message, the server's answer,
 * the delivery receipt); a call for each costs Postgres and the event loop more than the send itself. What customers
 * write never waits.
 */
const MAY_WAIT: Record<Kind, boolean> = {
  stanza: false,
  receipt: true,
  notification: true,
  outgoing: true,
  outcome: true,
  session: false,
  contact: true,
  media: true,
  read: true,
  evolution: false,
  call: false,
  history: true,
  opened: false,
  scheduled: true,
  template: true,
  unreadable: false,
};

/** Shortest time between the beginnings of two writes that hold only entries which may wait. */
const PACE_MS = 25;

/** Says when the next write may begin: at once after a pause, and at once for what may not wait. */
export class WritePace {
  readonly #urgent: Gate;
  #begunAt = -Infinity;

  constructor(private readonly clock: Clock) {
    this.#urgent = new Gate(clock);
  }

  /** New entries of these kinds are durable; ends a wait when one of them may not wait. */
  appended(kinds: readonly Kind[]): void {
    if (!kinds.every((kind) => MAY_WAIT[kind])) this.#urgent.open();
  }

  /** Before a batch is filled: whatever is urgent from now on ends the wait for it, what was before is in it. */
  reset(): void {
    this.#urgent.close();
  }

  /** Waits, 25 ms at most, while the batch has room and nothing urgent. @returns whether it waited: there may be more */
  async wait({ items, room }: ProjectionBatch, signal: AbortSignal): Promise<boolean> {
    const leftMs = Math.min(PACE_MS, PACE_MS - (this.clock.now() - this.#begunAt));
    const waits = leftMs > 0 && room > 0 && items.every(({ entry }) => MAY_WAIT[entry.kind]);
    if (waits) await this.#urgent.pass(leftMs, signal);
    return waits;
  }

  /** A write begins now. */
  begin(): void {
    this.#begunAt = this.clock.now();
  }
}
