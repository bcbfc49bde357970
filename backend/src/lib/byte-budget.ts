/**
 * Bytes of request bodies that may be in memory at once. What does not fit is refused, not queued: waiting holds memory too.
 * Bytes count as they come, so that whoever announces much and sends little takes no room.
 */
export class ByteBudget {
  #used = 0;

  constructor(private readonly most: number) {}

  /** Bytes that are in memory now. */
  get used(): number {
    return this.#used;
  }

  /** The share of one request. `add` says whether there was room; `release` gives everything back, however often it is called. */
  share(): { add(bytes: number): boolean; release(): void } {
    let held = 0;
    return {
      add: (bytes) => {
        if (this.#used + bytes > this.most) return false;
        this.#used += bytes;
        held += bytes;
        return true;
      },
      release: () => {
        this.#used -= held;
        held = 0;
      },
    };
  }
}
