const DAY_MS = 86_400_000;
const DAYS_KEPT = 7;
/** Before that nothing is known about a connection's nights and weekends. */
const DAYS_TO_LEARN = 3;
const UNUSUAL_FACTOR = 1.5;

/**
 * How long a connection is usually silent: its longest pause between two messages, by day, for a week. A night, a Sunday
 * or an account that nobody writes to is usual; only a silence well beyond all of them is worth a look, and never more
 * than that.
 */
export class TrafficHabit {
  readonly #longest = new Map<number, number>();
  #lastAt: number | null = null;
  #since: number | null = null;

  /** @param lastActivityAt when the last message came, ms since the epoch; null = none yet */
  observe(lastActivityAt: number | null, now: number): void {
    this.#since ??= now;
    if (lastActivityAt === null) return;
    if (this.#lastAt !== null && lastActivityAt > this.#lastAt) this.#pause(lastActivityAt - this.#lastAt, now);
    this.#lastAt = lastActivityAt;
  }

  /** How long the present silence lasts, when it is unusual for this connection; else null. */
  unusualMs(now: number): number | null {
    if (this.#lastAt === null || this.#since === null || now - this.#since < DAYS_TO_LEARN * DAY_MS) return null;
    const longest = Math.max(0, ...this.#longest.values());
    const silentMs = now - this.#lastAt;
    return longest > 0 && silentMs > longest * UNUSUAL_FACTOR ? silentMs : null;
  }

  #pause(ms: number, now: number): void {
    const today = Math.floor(now / DAY_MS);
    this.#longest.set(today, Math.max(this.#longest.get(today) ?? 0, ms));
    for (const day of this.#longest.keys()) if (day <= today - DAYS_KEPT) this.#longest.delete(day);
  }
}
