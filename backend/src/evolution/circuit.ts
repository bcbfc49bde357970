import CircuitBreaker from 'opossum';

/** Whether calls to a server are let through. `open`: it failed too often, so nothing is asked for a while. */
export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitOptions {
  /** Failures in a row that open it. */
  failures: number;
  /** After this long one call is let through to try. */
  resetMs: number;
}

type Work = () => Promise<unknown>;

/**
 * A circuit breaker for one server: failures in a row open it, a success closes it. opossum itself counts a share of a time
 * window, in which a server that is dead but asked seldom never fails often enough; so the count is ours, its states opossum's.
 */
export class Circuit {
  readonly #breaker: CircuitBreaker<[Work], unknown>;
  #failures = 0;

  /** @param counts whether an error is the server's: a refusal of what was asked is none */
  constructor(options: CircuitOptions, counts: (error: unknown) => boolean) {
    this.#breaker = new CircuitBreaker((work: Work) => work(), {
      // Each call has its own deadline, which also ends it.
      timeout: false,
      resetTimeout: options.resetMs,
      errorThresholdPercentage: 100,
      volumeThreshold: Number.MAX_SAFE_INTEGER,
      errorFilter: (error: unknown) => !counts(error),
    });
    this.#breaker.on('success', () => (this.#failures = 0));
    this.#breaker.on('failure', () => {
      this.#failures += 1;
      if (this.#failures >= options.failures) this.#breaker.open();
    });
  }

  get state(): CircuitState {
    if (this.#breaker.halfOpen) return 'half-open';
    return this.#breaker.opened ? 'open' : 'closed';
  }

  /** Rejects with what `work` does. @throws whatever `whenOpen` makes, without calling `work`, while it is open */
  async run<T>(work: () => Promise<T>, whenOpen: () => Error): Promise<T> {
    try {
      return (await this.#breaker.fire(work)) as T;
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === 'EOPENBREAKER') throw whenOpen();
      throw error;
    }
  }

  /** Ends its timers. */
  close(): void {
    this.#breaker.shutdown();
  }
}
