import type { Journal } from '../journal/journal.js';
import type { MediaJob, StoredMedia } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';

export interface MediaEvents {
  stored: { connectionId: string; rowId: string; stored: StoredMedia };
  failed: { connectionId: string; rowId: string; error: string };
  /** It did not work this time and is due again. */
  postponed: { connectionId: string; rowId: string; error: string };
}

export interface MediaLedgerDeps {
  journal: Pick<Journal, 'commit' | 'getConnection'>;
  /** Where the gateway shows the file of a row. */
  urlOf: (rowId: string) => string;
  events: TypedEmitter<MediaEvents>;
  clock: Clock;
  log: Log;
}

/**
 * Writes down what became of a job, together with the log entry that tells its row: after a crash either both are there or
 * the job is still due. Everything rejects with GatewayError `JOURNAL_FAILED` or `JOURNAL_FULL`.
 */
export class MediaLedger {
  constructor(private readonly deps: MediaLedgerDeps) {}

  /** Its file is in the store. */
  async done(job: MediaJob, stored: StoredMedia): Promise<void> {
    const { connectionId, rowId, whatsappId } = job;
    const url = this.deps.urlOf(rowId);
    await this.deps.journal.commit({
      media: [{ ...job, state: 'done', error: null }],
      entries: [{ kind: 'media', connectionId, rowId, whatsappId, stored, url, error: null }],
    });
    this.deps.events.emit('stored', { connectionId, rowId, stored });
  }

  /** There will be no file. The row of a connection that is gone is told nothing. */
  async giveUp(job: MediaJob, error: string): Promise<void> {
    const { connectionId, rowId, whatsappId } = job;
    const known = this.deps.journal.getConnection(connectionId) !== null;
    await this.deps.journal.commit({
      media: [{ ...job, state: 'failed', error }],
      entries: known ? [{ kind: 'media', connectionId, rowId, whatsappId, stored: null, url: null, error }] : [],
    });
    this.deps.log.warn('media given up', { connectionId, rowId, error });
    this.deps.events.emit('failed', { connectionId, rowId, error });
  }

  /** It is tried again after so many milliseconds. */
  async later(job: MediaJob, afterMs: number): Promise<void> {
    await this.deps.journal.commit({ media: [{ ...job, dueAt: this.deps.clock.now() + afterMs }] });
  }
}
