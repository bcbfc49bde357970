/** Time as the gateway sees it; tests and the watchdog's soak inject their own. Milliseconds throughout. */
export interface Clock {
  /** Wall clock, ms since the epoch. */
  now(): number;
  /** Runs `fn` once after `ms`. The timer never keeps the process alive. Returns the cancel function. */
  after(ms: number, fn: () => void): () => void;
  /** Resolves after `ms`, or at once (never rejects) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = systemClock.after(ms, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  },
};
