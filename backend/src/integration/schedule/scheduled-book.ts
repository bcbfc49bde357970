import type { Journal } from '../../journal/journal.js';
import type { ScheduledRecord } from '../../journal/schedule-records.js';
import { scheduledEntry } from '../../journal/scheduled.js';
import type { Clock } from '../../lib/clock.js';
import type { MediaIntake } from '../../media/media-intake.js';

export interface ScheduledBookDeps {
  journal: Pick<Journal, 'commit' | 'schedule'>;
  intake: Pick<MediaIntake, 'discard'>;
  clock: Clock;
}

/** What a change of a scheduled message writes. */
export type ScheduledChanges = Partial<Omit<ScheduledRecord, 'id' | 'revision' | 'createdAt' | 'updatedAt'>>;

/**
 * The one writer of scheduled messages: whoever changes one has it alone, reads it anew, and writes record and row in one
 * commit. So a person who cancels and the scheduler who sends cannot both have their way.
 */
export class ScheduledBook {
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(private readonly deps: ScheduledBookDeps) {}

  /** Does some work while nobody else changes this one; `record` is null when there is none. */
  async alone<T>(id: string, work: (record: ScheduledRecord | null) => Promise<T>): Promise<T> {
    const before = this.#busy.get(id) ?? Promise.resolve();
    const done = before.then(() => work(this.deps.journal.schedule.get(id)));
    const settled = done.catch(() => undefined);
    this.#busy.set(id, settled);
    try {
      return await done;
    } finally {
      if (this.#busy.get(id) === settled) this.#busy.delete(id);
    }
  }

  /** The record as a change leaves it. */
  changed(record: ScheduledRecord, changes: ScheduledChanges): ScheduledRecord {
    return { ...record, ...changes, revision: record.revision + 1, updatedAt: this.deps.clock.now() };
  }

  /** Writes it and its row. For who has it alone, or has just made it. @throws GatewayError `JOURNAL_FAILED`, `JOURNAL_FULL` */
  async write(record: ScheduledRecord): Promise<ScheduledRecord> {
    await this.deps.journal.commit({ scheduled: [record], entries: [scheduledEntry(record)] });
    return record;
  }

  /** It will never be sent: its file goes, too. */
  async close(
    record: ScheduledRecord,
    state: 'CANCELADA' | 'EXPIRADA' | 'FALHOU',
    error: string | null,
  ): Promise<ScheduledRecord> {
    const closed = await this.write(this.changed(record, { state, error, file: null }));
    if (record.file !== null) await this.deps.intake.discard({ file: record.file });
    return closed;
  }
}
