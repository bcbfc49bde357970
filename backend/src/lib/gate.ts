import type { Clock } from './clock.js';

/** Something to wait at until it is opened. An opening while nobody waits is remembered for the next one. */
export class Gate {
  #open = false;
  #pass: (() => void) | null = null;

  constructor(private readonly clock: Clock) {}

  open(): void {
    this.#open = true;
    this.#pass?.();
  }

  /** Resolves when opened, after `ms`, or when `signal` aborts; never rejects. For one waiter at a time. */
  async pass(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#open && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = this.clock.after(ms, resolve);
        this.#pass = () => {
          cancel();
          resolve();
        };
        signal.addEventListener('abort', this.#pass, { once: true });
      });
      if (this.#pass) signal.removeEventListener('abort', this.#pass);
      this.#pass = null;
    }
    this.#open = false;
  }

  /** Forgets an opening that nobody has used. */
  close(): void {
    this.#open = false;
  }
}
