import { deferred } from '../lib/deferred.js';
import type { Companion } from './companion.js';

/** A message somebody sent to an account, and what its companions said about it. */
export class SentMessage {
  readonly at = Date.now();
  /** Every receipt and refusal, in order; a companion may give several (delivered, read). */
  readonly answers: { companion: string; type: string | null; error: number | null; at: number }[] = [];
  readonly #waiting: Set<Companion>;
  readonly #receipted = deferred();

  constructor(
    readonly id: string,
    companions: readonly Companion[],
  ) {
    this.#waiting = new Set(companions);
    // Nobody has to wait for it; a refusal nobody asked about is in the history.
    this.#receipted.promise.catch(() => undefined);
    if (companions.length === 0) this.#receipted.resolve();
  }

  /** Resolves when every companion has given its receipt; rejects when one refuses the message for good. */
  get receipted(): Promise<void> {
    return this.#receipted.promise;
  }

  /** @internal */
  receiptedBy(companion: Companion, type: string | null): void {
    this.answers.push({ companion: companion.jid, type, error: null, at: Date.now() });
    this.#waiting.delete(companion);
    if (this.#waiting.size === 0) this.#receipted.resolve();
  }

  /** @internal */
  refusedBy(companion: Companion, error: number | null): void {
    this.answers.push({ companion: companion.jid, type: null, error, at: Date.now() });
    this.#receipted.reject(new Error(`${companion.jid} refused ${this.id} with ${error}`));
  }
}
