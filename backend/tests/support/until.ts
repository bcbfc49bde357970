import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;
const DEADLINE_MS = 40_000;

type Truthy<T> = Exclude<T, null | undefined | false | '' | 0>;

/**
 * Asks again until the answer is truthy, and returns it.
 * @throws Error naming `what` when it did not become so in time
 */
export async function until<T>(what: string, ask: () => T | Promise<T>, deadlineMs = DEADLINE_MS): Promise<Truthy<T>> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as Truthy<T>;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await delay(POLL_MS);
  }
}
