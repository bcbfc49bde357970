import type { Clock } from '../lib/clock.js';
import type { DisconnectRule } from './disconnect-table.js';
import { ReconnectSchedule } from './reconnect-schedule.js';

/** 515 is part of pairing and of WhatsApp's own updates; more than this a minute is a loop. */
const RESTARTS_PER_MINUTE = 3;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** When the next socket of one connection is opened: at most one timer, whatever happens. */
export class Reconnector {
  readonly #schedule: ReconnectSchedule;
  #waiting: { rule: DisconnectRule; cancel: () => void } | null = null;
  #restarts: number[] = [];

  constructor(
    private readonly deps: {
      clock: Clock;
      baseMs: number;
      /** The time has come; what closed the last socket is told along. */
      open: (rule: DisconnectRule) => void;
      random?: () => number;
    },
  ) {
    this.#schedule = new ReconnectSchedule(deps.baseMs, deps.random);
  }

  /** Tries since the connection was last stable. */
  get tries(): number {
    return this.#schedule.tries;
  }

  /** Plans the next try. @param notBefore ms since the epoch. @returns the wait in ms; null = a person must decide. */
  plan(rule: DisconnectRule, notBefore: number | null = null): number | null {
    this.cancel();
    if (rule.action === 'stop') return null;
    const waitMs = this.#isRestart(rule) ? 0 : this.#schedule.next(rule, this.deps.clock.now(), notBefore);
    if (waitMs !== null) this.#wait(rule, waitMs);
    return waitMs;
  }

  /** Logged in: the counter forgets once that has lasted. */
  opened(): void {
    this.#schedule.ready(this.deps.clock.now());
  }

  /** Another connection got through after an outage. @returns whether this one was waiting for that, and now opens */
  wake(): boolean {
    const { rule } = this.#waiting ?? {};
    if (!rule || !this.#schedule.mayWake(rule)) return false;
    this.cancel();
    this.deps.open(rule);
    return true;
  }

  cancel(): void {
    this.#waiting?.cancel();
    this.#waiting = null;
  }

  /** A person wants a fresh start. */
  reset(): void {
    this.cancel();
    this.#schedule.reset();
  }

  /** Not counted as a try, unless WhatsApp keeps asking for it. */
  #isRestart(rule: DisconnectRule): boolean {
    if (rule.action !== 'restart') return false;
    const now = this.deps.clock.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < MINUTE_MS), now];
    return this.#restarts.length <= RESTARTS_PER_MINUTE;
  }

  /** In days at most: a timer of Node's that is longer than 24.8 days fires at once. */
  #wait(rule: DisconnectRule, ms: number): void {
    const cancel = this.deps.clock.after(Math.min(ms, DAY_MS), () => {
      this.#waiting = null;
      if (ms > DAY_MS) this.#wait(rule, ms - DAY_MS);
      else this.deps.open(rule);
    });
    this.#waiting = { rule, cancel };
  }
}
