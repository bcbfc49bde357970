import type { Clock } from '../lib/clock.js';
import type { OutboxRecord } from '../journal/records.js';

/** Requests that wait a little to answer with the outcome instead of "accepted". */
export class OutcomeWaiters {
  readonly #waiting = new Map<string, Set<(record: OutboxRecord | null) => void>>();

  constructor(private readonly clock: Clock) {}

  /** @returns the finished record, or null when `ms` went by first or `releaseAll` was called. */
  wait(connectionId: string, whatsappId: string, ms: number): Promise<OutboxRecord | null> {
    const key = keyOf(connectionId, whatsappId);
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiters);
      const answer = (record: OutboxRecord | null): void => {
        cancel();
        waiters.delete(answer);
        if (waiters.size === 0 && this.#waiting.get(key) === waiters) this.#waiting.delete(key);
        resolve(record);
      };
      const cancel = this.clock.after(ms, () => answer(null));
      waiters.add(answer);
    });
  }

  finished(record: OutboxRecord): void {
    for (const answer of [...(this.#waiting.get(keyOf(record.connectionId, record.whatsappId)) ?? [])]) answer(record);
  }

  /** Nobody waits for a sender that has stopped. */
  releaseAll(): void {
    for (const waiters of [...this.#waiting.values()]) for (const answer of [...waiters]) answer(null);
  }
}

function keyOf(connectionId: string, whatsappId: string): string {
  return `${connectionId}/${whatsappId}`;
}
