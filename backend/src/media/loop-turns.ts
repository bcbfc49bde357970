/** About half a millisecond of hashing and decrypting. */
const BYTES_PER_TURN = 128 * 1024;

/**
 * Spreads work on bytes over turns of the event loop, so much in each, whoever brings it. Files come in by the megabyte, and
 * a message passes through some ten turns on its way to its row: what one turn does for files is what every message waits.
 */
export class LoopTurns {
  #turn: Promise<void> = Promise.resolve();
  #left = 0;

  /** Resolves in the turn in which these bytes may be worked on, in the order of the calls. */
  next(bytes: number): Promise<void> {
    if (this.#left <= 0) {
      this.#turn = this.#turn.then(() => new Promise((resolve) => setImmediate(resolve)));
      this.#left = BYTES_PER_TURN;
    }
    this.#left -= bytes;
    return this.#turn;
  }
}
