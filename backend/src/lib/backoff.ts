/** Exponential backoff with full jitter, as AWS's architecture blog recommends: `random(0, min(cap, base · 2ⁿ))`. */
export interface BackoffPolicy {
  baseMs: number;
  capMs: number;
}

/** @param attempt 0 for the first wait. @param random injectable for tests, in [0, 1). @returns milliseconds. */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt, 30));
  return Math.floor(random() * ceiling);
}
