import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import type { DisconnectRule } from './disconnect-table.js';

interface WaitPolicy extends BackoffPolicy {
  /** The first try is at once. */
  eager: boolean;
  /** Waits at least this long, jitter on top. */
  floorMs: number;
  /** After so many tries in a row a person must decide; null = never gives up. */
  maxTries: number | null;
  /** `ready` must last this long before the counter starts again. */
  stableMs: number;
  /** Another connection that got through proves that this one may try at once. */
  wakeable: boolean;
}

const MINUTE = 60_000;
/** Whatever the cause and the jitter: no connection knocks more often than that by itself. */
const TRIES_PER_MINUTE = 10;

/** How long to wait after which kind of close. Network causes never stop the retries for good. */
export function waitPolicies(baseMs: number): Record<DisconnectRule['backoff'], WaitPolicy> {
  return {
    network: { eager: true, baseMs, capMs: 15_000, floorMs: 0, maxTries: null, stableMs: MINUTE, wakeable: true },
    // Something in between says "not now" at once: asked steadily, so that its return is noticed within 10 s however long
    // it has lasted, and less often than TRIES_PER_MINUTE would allow.
    upgrade: {
      eager: true,
      baseMs: Math.min(baseMs, 1_000),
      capMs: Math.min(3 * baseMs, 3_000),
      floorMs: Math.min(6 * baseMs, 6_000),
      maxTries: null,
      stableMs: MINUTE,
      wakeable: true,
    },
    refused: { eager: true, baseMs, capMs: 5 * MINUTE, floorMs: 0, maxTries: null, stableMs: MINUTE, wakeable: true },
    'rate-limited': {
      eager: false,
      baseMs: 30 * baseMs,
      capMs: 15 * MINUTE,
      floorMs: 10_000,
      maxTries: null,
      stableMs: 5 * MINUTE,
      wakeable: false,
    },
    outdated: {
      eager: true,
      baseMs: 5 * MINUTE,
      capMs: 5 * MINUTE,
      floorMs: 5 * MINUTE,
      maxTries: null,
      stableMs: MINUTE,
      wakeable: false,
    },
    conflict: {
      eager: false,
      baseMs: MINUTE,
      capMs: 2 * MINUTE,
      floorMs: MINUTE,
      maxTries: 1,
      stableMs: MINUTE,
      wakeable: false,
    },
    ban: {
      eager: false,
      baseMs: MINUTE,
      capMs: 60 * MINUTE,
      floorMs: 5 * MINUTE,
      maxTries: null,
      stableMs: MINUTE,
      wakeable: false,
    },
  };
}

/** Counts the tries of one connection and says when the next one is due. */
export class ReconnectSchedule {
  #tries = 0;
  #policy: WaitPolicy | null = null;
  #readyAt: number | null = null;
  /** When the tries of the last minute were due. */
  #dueAt: number[] = [];
  readonly #policies: Record<DisconnectRule['backoff'], WaitPolicy>;

  constructor(
    baseMs: number,
    private readonly random: () => number = Math.random,
  ) {
    this.#policies = waitPolicies(baseMs);
  }

  get tries(): number {
    return this.#tries;
  }

  /** The connection is up; the counter forgets only after it stayed so. */
  ready(now: number): void {
    this.#readyAt = now;
  }

  /** @returns ms to wait before the next try, or null when a person must decide. */
  next(rule: DisconnectRule, now: number, notBefore: number | null = null): number | null {
    const policy = this.#policies[rule.backoff];
    const stableMs = Math.max(policy.stableMs, this.#policy?.stableMs ?? 0);
    if (this.#readyAt !== null && now - this.#readyAt >= stableMs) this.#tries = 0;
    this.#readyAt = null;
    this.#policy = policy;
    if (policy.maxTries !== null && this.#tries >= policy.maxTries) return null;
    const waitMs = policy.eager && this.#tries === 0 ? 0 : policy.floorMs + backoffMs(policy, this.#tries, this.random);
    this.#tries += 1;
    const dueAt = this.#uncrowded(Math.max(now + waitMs, notBefore ?? 0), now);
    this.#dueAt.push(dueAt);
    return dueAt - now;
  }

  /** Whether a wait for this cause may be cut short because another connection got through. */
  mayWake(rule: DisconnectRule): boolean {
    return this.#policies[rule.backoff].wakeable;
  }

  /** Full jitter can draw many short waits in a row. */
  #uncrowded(dueAt: number, now: number): number {
    this.#dueAt = this.#dueAt.filter((at) => now - at < MINUTE);
    const tenth = this.#dueAt.at(-TRIES_PER_MINUTE);
    return tenth === undefined ? dueAt : Math.max(dueAt, tenth + MINUTE);
  }

  reset(): void {
    this.#tries = 0;
    this.#readyAt = null;
    this.#dueAt = [];
  }
}
