import type { Clock } from '../lib/clock.js';

/** A rate in calls per minute, with some calls at once when it was idle. */
export interface Rate {
  perMinute: number;
  burst: number;
}

/** Refilling sums up fractions: without a tolerance a token that is due exactly now may be 1e-16 short. */
const ROUNDING = 1e-6;

/** The usual token bucket, on the injected clock: it starts full and refills evenly. */
export class TokenBucket {
  #tokens: number;
  #filledAt: number;

  constructor(
    private readonly rate: Rate,
    private readonly clock: Clock,
  ) {
    this.#tokens = rate.burst;
    this.#filledAt = clock.now();
  }

  /** Takes one token. @returns 0 when it was there; else how many ms until it will be, and none is taken. */
  take(): number {
    this.#refill();
    if (this.#tokens >= 1 - ROUNDING) {
      this.#tokens = Math.max(0, this.#tokens - 1);
      return 0;
    }
    return this.#waitMs();
  }

  /** How many ms until a token is there, 0 when one is; takes none. */
  get waitMs(): number {
    this.#refill();
    return this.#tokens >= 1 - ROUNDING ? 0 : this.#waitMs();
  }

  #waitMs(): number {
    return Math.max(1, Math.ceil(((1 - this.#tokens) * 60_000) / this.rate.perMinute - ROUNDING));
  }

  #refill(): void {
    const now = this.clock.now();
    const gained = (Math.max(0, now - this.#filledAt) * this.rate.perMinute) / 60_000;
    this.#tokens = Math.min(this.rate.burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}
