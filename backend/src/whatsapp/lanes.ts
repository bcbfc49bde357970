/**
 * Work that must not overtake or interleave, by what it is about. A task waits for every earlier task that shares one
 * of its keys; tasks with nothing in common run side by side.
 *
 * Why: a Signal session is read, advanced and written back. Baileys holds one mutex per *address* while it decrypts and
 * another per *account* while it sends, so a send and a receive of the same person can each write back the other's past.
 * Here both sides of a conversation take the same lane.
 */
export class Lanes {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Tasks that were given and are not done. */
  get busy(): number {
    return this.#tails.size;
  }

  /** @param keys at least one; order does not matter. @returns what `task` returns; its rejection frees the lane too. */
  run<T>(keys: Iterable<string>, task: () => Promise<T>): Promise<T> {
    const lanes = [...new Set(keys)];
    const earlier = lanes.map((key) => this.#tails.get(key)).filter((tail) => tail !== undefined);
    const run = earlier.length === 0 ? task() : Promise.allSettled(earlier).then(task);
    const tail = run.then(
      () => undefined,
      () => undefined,
    );
    for (const key of lanes) this.#tails.set(key, tail);
    void tail.then(() => {
      for (const key of lanes) if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return run;
  }
}
