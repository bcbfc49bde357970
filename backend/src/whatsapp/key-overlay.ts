import type { KeyMutations } from '../journal/records.js';

/** Keys that are on their way to the disk, for readers who must not see what was there before. */
export class KeyOverlay {
  readonly #values = new Map<string, { value: unknown }>();

  /** @returns the function that ends it, once they are stored; what was set again meanwhile stays */
  add(data: KeyMutations): () => void {
    const added = Object.entries(data).flatMap(([type, values]) =>
      Object.entries(values).map(([id, value]) => [addressOf(type, id), { value }] as const),
    );
    for (const [address, entry] of added) this.#values.set(address, entry);
    return () => this.#remove(added);
  }

  /** @returns the function that ends what is here now of these keys */
  outdatedBy(data: KeyMutations): () => void {
    if (this.#values.size === 0) return () => undefined;
    const outdated = Object.entries(data).flatMap(([type, values]) =>
      Object.keys(values).flatMap((id) => {
        const entry = this.#values.get(addressOf(type, id));
        return entry ? [[addressOf(type, id), entry] as const] : [];
      }),
    );
    return () => this.#remove(outdated);
  }

  /** What is here, and what `read` finds of the rest; deleted ones are left out. */
  over(type: string, ids: readonly string[], read: (rest: readonly string[]) => Record<string, unknown>) {
    if (this.#values.size === 0) return read(ids);
    const here = ids.flatMap((id) => {
      const entry = this.#values.get(addressOf(type, id));
      return entry ? [[id, entry.value] as const] : [];
    });
    if (here.length === 0) return read(ids);
    const found = read(ids.filter((id) => !here.some(([known]) => known === id)));
    return { ...found, ...Object.fromEntries(here.filter(([, value]) => value != null)) };
  }

  #remove(entries: readonly (readonly [string, { value: unknown }])[]): void {
    for (const [address, entry] of entries) {
      if (this.#values.get(address) === entry) this.#values.delete(address);
    }
  }
}

function addressOf(type: string, id: string): string {
  return `${type} ${id}`;
}
