import type { Clock } from '../../lib/clock.js';

/** A customer who writes to a phone that two connections have is heard by both within this time. */
const HEARD_TWICE_MS = 30 * 60_000;

/** Who speaks for a phone. @returns null when the connection is to stay silent */
export type PhoneOf = (connectionId: string) => string | null;

/** Lets one connection of a phone say a thing to a customer, and the others keep silent about it. */
export class OneVoice {
  readonly #said = new Map<string, { by: string; at: number }>();

  constructor(private readonly deps: { phoneOf: PhoneOf; clock: Pick<Clock, 'now'> }) {}

  /** Whether this connection may say it; the first that asks may, and goes on being the one. */
  may(connectionId: string, to: string, what: string): boolean {
    const phone = this.deps.phoneOf(connectionId);
    if (phone === null) return false;
    const now = this.deps.clock.now();
    for (const [key, { at }] of this.#said) if (now - at > HEARD_TWICE_MS) this.#said.delete(key);
    const key = [phone, to, what].join(' ');
    const said = this.#said.get(key);
    if (said && said.by !== connectionId) return false;
    this.#said.set(key, { by: connectionId, at: said?.at ?? now });
    return true;
  }
}
