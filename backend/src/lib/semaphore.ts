import { deferred, type Deferred } from './deferred.js';

/** Lets so many through at once; the others wait in their order. */
export class Semaphore {
  readonly #waiting: Deferred<void>[] = [];
  #free: number;

  constructor(permits: number) {
    this.#free = permits;
  }

  /** @param signal leaves the queue; what has begun is not its concern. @throws its reason */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.resolve();
      else this.#free += 1;
    }
  }

  async #turn(signal?: AbortSignal): Promise<void> {
    const turn = deferred();
    const leave = () => {
      const place = this.#waiting.indexOf(turn);
      // Absent: its turn has come in this very moment.
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      turn.reject(signal?.reason as Error);
    };
    this.#waiting.push(turn);
    signal?.addEventListener('abort', leave, { once: true });
    try {
      await turn.promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }
}
