import type { Log } from './log.js';

interface Step {
  name: string;
  run: () => unknown;
  limitMs: number;
}

/** Undo steps, run in reverse order; one that fails or hangs is logged and does not stop the rest. */
export class Releasers {
  readonly #steps: Step[] = [];
  #released: Promise<void> | null = null;

  constructor(
    private readonly log: Log,
    private readonly stepDeadlineMs = 5000,
  ) {}

  /**
   * A step for what was opened after the release had begun is run at once; `releaseAll` waits for it, too.
   * @param limitMs for a step that has nothing to lose by being left
   */
  push(name: string, run: () => unknown, limitMs = this.stepDeadlineMs): void {
    const step = { name, run, limitMs };
    if (this.#released) this.#released = this.#released.then(() => this.#release(step));
    else this.#steps.push(step);
  }

  /** Whether the release has begun. */
  get released(): boolean {
    return this.#released !== null;
  }

  /** Can be called twice: every caller gets the same promise. */
  releaseAll(): Promise<void> {
    return (this.#released ??= this.#run());
  }

  async #run(): Promise<void> {
    for (const step of this.#steps.reverse()) await this.#release(step);
  }

  async #release(step: Step): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no end after ${step.limitMs} ms`)), step.limitMs);
    });
    try {
      await Promise.race([Promise.resolve().then(step.run), late]);
    } catch (error) {
      this.log.error('release step failed', { step: step.name, error });
    } finally {
      clearTimeout(timer);
    }
  }
}
