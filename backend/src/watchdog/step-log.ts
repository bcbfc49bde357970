/** Something the watchdog did, and why. */
export interface WatchdogStep {
  /** ms since the epoch. */
  at: number;
  /** A rung of the ladder, `alert`, or `reconnect-now` of the health monitor. */
  step: string;
  reasons: string[];
}

/** What a step is about when it is about no connection. */
export const GATEWAY = 'gateway';

const KEPT = 50;

/** The last steps per connection; what concerns the whole process is under `GATEWAY`. */
export class StepLog {
  readonly #steps = new Map<string, WatchdogStep[]>();
  readonly #counts = new Map<string, number>();

  /** How often each step was taken since the start. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  add(about: string, step: WatchdogStep): void {
    const steps = this.#steps.get(about) ?? [];
    this.#steps.set(about, steps);
    steps.push(step);
    if (steps.length > KEPT) steps.shift();
    this.#counts.set(step.step, (this.#counts.get(step.step) ?? 0) + 1);
  }

  /** The newest first. */
  of(about: string): WatchdogStep[] {
    return [...(this.#steps.get(about) ?? [])].reverse();
  }

  forget(about: string): void {
    this.#steps.delete(about);
  }
}
