import type { Clock } from '../../lib/clock.js';

interface Hold {
  until: number;
  times: number;
  reason: string;
}

/** Why scheduled messages that are due have not gone, and until when they are not tried again. In memory: after a restart
 *  they are tried at once. */
export class Holds {
  readonly #holds = new Map<string, Hold>();

  constructor(private readonly clock: Clock) {}

  /** Whether it is not to be tried yet. */
  has(id: string): boolean {
    return (this.#holds.get(id)?.until ?? 0) > this.clock.now();
  }

  /** Remembers why it did not go. @returns how often it has not, in a row for the same reason */
  note(id: string, reason: string): number {
    const before = this.#holds.get(id);
    const times = before?.reason === reason ? before.times + 1 : 1;
    this.#holds.set(id, { until: 0, times, reason });
    return times;
  }

  /** Not before this time, ms since the epoch. */
  until(id: string, at: number): void {
    const hold = this.#holds.get(id);
    if (hold) hold.until = at;
  }

  /** Why it has not gone; null when it was never tried. It is done with after that. */
  reasonOf(id: string): string | null {
    const reason = this.#holds.get(id)?.reason ?? null;
    this.forget(id);
    return reason;
  }

  forget(id: string): void {
    this.#holds.delete(id);
  }
}
