type Handler = (...args: unknown[]) => void;

/**
 * Takes the timers of certain lengths out of the clock's hands: the test says when their time is up. For waits inside
 * Baileys, which reads the global setTimeout and knows no other clock.
 */
export class HeldTimers {
  readonly #set = globalThis.setTimeout;
  readonly #clear = globalThis.clearTimeout;
  readonly #held = new Map<unknown, () => void>();

  constructor(lengthsMs: number[]) {
    const holding = (handler: Handler, ms?: number, ...args: unknown[]) => {
      if (ms === undefined || !lengthsMs.includes(ms)) return this.#set(handler, ms, ...args);
      // Something that can be cleared and never fires.
      const timer = this.#set(() => undefined, 2 ** 30).unref();
      this.#held.set(timer, () => handler(...args));
      return timer;
    };
    globalThis.setTimeout = Object.assign(holding, this.#set);
    globalThis.clearTimeout = (timer) => {
      this.#held.delete(timer);
      this.#clear(timer);
    };
  }

  /** Their time is up. */
  fire(): void {
    const due = [...this.#held];
    this.#held.clear();
    for (const [timer, handler] of due) {
      this.#clear(timer as NodeJS.Timeout);
      handler();
    }
  }

  release(): void {
    globalThis.setTimeout = this.#set;
    globalThis.clearTimeout = this.#clear;
  }
}
