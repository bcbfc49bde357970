import type { WorkMarks } from '../journal/work-marks.js';
import type { ParkReason } from './projection.js';

/** What one entry may cost. Honest ones take less than a millisecond and a hundredth of the characters. */
const MAX_CPU_MS = 2_000;
export const MAX_EVENTS = 10_000;
export const MAX_CHARS = 4_194_304;
/** The third start goes on without it. */
const MAX_DEATHS = 2;

/** Why an entry that the process died of lies with the dead letters. */
export const DEADLY: ParkReason = {
  code: 'PROCESS_DIED',
  message: `The process ended ${MAX_DEATHS} times while it worked on this entry.`,
};

/** An entry that may be read but means more work than one entry may cost. */
export class EntryTooCostly extends Error {
  override readonly name = 'EntryTooCostly';

  constructor(
    readonly code: 'TOO_SLOW' | 'TOO_LARGE',
    message: string,
  ) {
    super(message);
  }
}

/** Whether this work has ended the process so often that it is not begun again. */
export function isDeadly(work: Pick<WorkMarks, 'deaths'>, key: string): boolean {
  return work.deaths(key) >= MAX_DEATHS;
}

/**
 * Measures the entries of one slice. Nothing can interrupt a loop from within; what it is worth is that the entry does not
 * come again. Time alone says nothing on a busy machine, so the processor's time must have gone as well.
 */
export class EntryBudget {
  readonly #cpu = process.cpuUsage();
  #startedAt = 0;

  begin(): void {
    this.#startedAt = performance.now();
  }

  /** @throws EntryTooCostly `TOO_SLOW` */
  end(): void {
    const ms = performance.now() - this.#startedAt;
    if (ms < MAX_CPU_MS) return;
    const { user, system } = process.cpuUsage(this.#cpu);
    const cpuMs = (user + system) / 1000;
    if (cpuMs < MAX_CPU_MS) return;
    throw new EntryTooCostly('TOO_SLOW', `Reading it took ${Math.round(ms)} ms; an entry may take ${MAX_CPU_MS} ms.`);
  }
}

/** @throws EntryTooCostly `TOO_LARGE` */
export function assertSize(events: number, chars: number): void {
  if (events > MAX_EVENTS) {
    throw new EntryTooCostly('TOO_LARGE', `It means ${events} changes; an entry may mean ${MAX_EVENTS}.`);
  }
  if (chars > MAX_CHARS) {
    throw new EntryTooCostly('TOO_LARGE', `Its rows have ${chars} characters; an entry's may have ${MAX_CHARS}.`);
  }
}
