import type { Log } from './log.js';

/**
 * Past-tense facts for whoever cares. Events inform, return values decide: nothing durable depends on one being heard,
 * and a listener that throws (or rejects) is logged and harms nobody else.
 */
export class TypedEmitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => unknown>>();

  constructor(private readonly log: Log) {}

  /** @returns the function that stops listening. */
  on<K extends keyof Events>(name: K, listener: (event: Events[K]) => unknown): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  emit<K extends keyof Events>(name: K, event: Events[K]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        const result = (listener as (event: Events[K]) => unknown)(event);
        if (result instanceof Promise) result.catch((error) => this.#report(name, error));
      } catch (error) {
        this.#report(name, error);
      }
    }
  }

  #report(name: keyof Events, error: unknown): void {
    this.log.error('event listener failed', { event: String(name), error });
  }
}
