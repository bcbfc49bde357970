/** What is done to a zombie, the gentlest first. None of it logs out or deletes credentials. */
export type Rung = 'flush' | 'reconnect' | 'recreate' | 'alert' | 'exit';

interface RungRule {
  rung: Rung;
  /** How long it may take to help before the next rung is tried. */
  patienceMs: number;
  /** Left out when `AUTO_RECONNECT` is off. */
  reconnects: boolean;
}

export const LADDER: readonly RungRule[] = [
  { rung: 'flush', patienceMs: 10_000, reconnects: false },
  { rung: 'reconnect', patienceMs: 60_000, reconnects: true },
  { rung: 'recreate', patienceMs: 90_000, reconnects: true },
  { rung: 'alert', patienceMs: 120_000, reconnects: false },
  // Whether it is taken is for `LastResort`: half of the connections must be here, and a supervisor must be there.
  { rung: 'exit', patienceMs: Infinity, reconnects: false },
];

/** Each rung once per window; a connection that was well for so long starts from the bottom again. */
export const WINDOW_MS = 30 * 60_000;

/** Where one connection stands on the ladder. */
export class Climb {
  #next = 0;
  #startedAt: number | null = null;
  #steppedAt = -Infinity;

  constructor(private readonly autoReconnect: boolean) {}

  /** The last rung taken in this window; null at the bottom. */
  get rung(): Rung | null {
    return this.#next === 0 ? null : LADDER[this.#next - 1]!.rung;
  }

  /** @param sick whether a probe with the cure `ladder` fails now. @returns the rung to take now, or null */
  look(sick: boolean, now: number): Rung | null {
    if (this.#startedAt !== null && now - this.#startedAt >= WINDOW_MS) this.#reset();
    if (!sick || now - this.#steppedAt < this.#patienceMs()) return null;
    const rule = this.#step();
    if (!rule) return null;
    this.#startedAt ??= now;
    this.#steppedAt = now;
    return rule.rung;
  }

  #step(): RungRule | null {
    while (this.#next < LADDER.length) {
      const rule = LADDER[this.#next++]!;
      if (this.autoReconnect || !rule.reconnects) return rule;
    }
    return null;
  }

  #patienceMs(): number {
    return this.#next === 0 ? 0 : LADDER[this.#next - 1]!.patienceMs;
  }

  #reset(): void {
    this.#next = 0;
    this.#startedAt = null;
    this.#steppedAt = -Infinity;
  }
}
