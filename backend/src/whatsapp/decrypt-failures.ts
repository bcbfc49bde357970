import type { Clock } from '../lib/clock.js';

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
/** 168,000 in two hours exhausted a heap (WhiskeySockets/Baileys#2234); healthy accounts see a few a day. */
const FLOOD_PER_MINUTE = 30;
const HOUR_MS = HOUR_MINUTES * MINUTE_MS;

/** Counts messages that could not be decrypted ("Bad MAC" and its kin), per minute, for one hour. */
export class DecryptFailures {
  #total = 0;
  #minutes = new Map<number, number>();
  /** When the last ones came, FLOOD_PER_MINUTE of them at most: a minute of the clock may begin in the middle of a flood. */
  readonly #last: number[] = [];
  #toldAt = -Infinity;

  constructor(private readonly deps: { clock: Clock; onFlood: (perMinute: number) => void }) {}

  get total(): number {
    return this.#total;
  }

  get lastHour(): number {
    const first = this.#minute() - HOUR_MINUTES;
    return [...this.#minutes].reduce((sum, [minute, count]) => (minute > first ? sum + count : sum), 0);
  }

  /** One more. A flood is told once an hour. */
  count(): void {
    this.#total += 1;
    const minute = this.#minute();
    const count = (this.#minutes.get(minute) ?? 0) + 1;
    if (count === 1) this.#forget(minute);
    this.#minutes.set(minute, count);
    const now = this.deps.clock.now();
    this.#last.push(now);
    if (this.#last.length > FLOOD_PER_MINUTE) this.#last.shift();
    const first = this.#last[0]!;
    const isFlood = this.#last.length === FLOOD_PER_MINUTE && now - first < MINUTE_MS;
    if (!isFlood || now - this.#toldAt < HOUR_MS) return;
    this.#toldAt = now;
    this.deps.onFlood(FLOOD_PER_MINUTE);
  }

  #forget(now: number): void {
    for (const minute of this.#minutes.keys()) if (minute <= now - HOUR_MINUTES) this.#minutes.delete(minute);
  }

  #minute(): number {
    return Math.floor(this.deps.clock.now() / MINUTE_MS);
  }
}
