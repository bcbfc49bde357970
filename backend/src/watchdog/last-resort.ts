import { readFileSync, writeFileSync } from 'node:fs';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';

export interface LastResortDeps {
  /** Where the last exit is noted, so that it outlives the process. */
  file: string;
  clock: Clock;
  log: Log;
  /** Somebody starts the process again (systemd, PM2, Docker, …); else it never leaves by itself. */
  supervised: boolean;
  /** Ends the process with a code that is not 0. */
  exit: (reason: string) => void;
}

/** A restart that did not help must not become a loop. */
export const EXIT_EVERY_MS = 6 * 60 * 60_000;

/** Leaving the process to its supervisor: the rung above which there is none. */
export class LastResort {
  #leaving = false;

  constructor(private readonly deps: LastResortDeps) {}

  /** When it last left, ms since the epoch; null = never, or nobody knows. */
  get lastExitAt(): number | null {
    try {
      const { at } = JSON.parse(readFileSync(this.deps.file, 'utf8')) as { at?: unknown };
      return typeof at === 'number' ? at : null;
    } catch {
      // No file, or half of one: then it is as if it had never left.
      return null;
    }
  }

  /** Whether it may leave now. */
  get allowed(): boolean {
    const last = this.lastExitAt;
    return this.deps.supervised && (last === null || this.deps.clock.now() - last >= EXIT_EVERY_MS);
  }

  /** Leaves, if it may. @returns whether the process ends now */
  leave(reason: string): boolean {
    if (this.#leaving || !this.allowed) return false;
    this.#leaving = true;
    this.deps.log.error('beyond repair, the process leaves to its supervisor', { reason });
    try {
      writeFileSync(this.deps.file, JSON.stringify({ at: this.deps.clock.now(), reason }), { mode: 0o600 });
    } catch (error) {
      // The disk may be what is beyond repair; the supervisor has limits of its own.
      this.deps.log.error('the exit could not be noted', { error });
    }
    this.deps.exit(reason);
    return true;
  }
}
