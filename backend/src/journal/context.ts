import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { BudgetAlert, DiskBudget } from './disk-budget.js';
import type { DurableWriter } from './durable-writer.js';
import type { LogEntry } from './records.js';
import type { Sealer } from './sealing.js';
import type { Sequence } from './sequence.js';
import type { SerialQueue } from './serial-queue.js';
import type { Tables } from './tables.js';
import type { Trimmed } from './webhooks/trim-events.js';

/** Facts of the journal for whoever cares; nothing durable depends on one being heard. */
export interface JournalEvents {
  /** New entries of these kinds are durable. */
  appended: readonly LogEntry['kind'][];
  budget: BudgetAlert;
  /** Events joined their log; they may still be on their way to the disk. */
  eventsPlanned: null;
  /** Something joined a webhook's line. */
  eventsQueued: null;
  deliveriesDiscarded: Trimmed;
  /** Media jobs were queued. */
  mediaQueued: null;
  /** A history is to be read. */
  historyQueued: null;
}

/** What every verb on the journal works with. */
export interface JournalContext {
  /** The data directory, resolved. */
  dir: string;
  tables: Tables;
  writer: DurableWriter;
  sealer: Sealer;
  sequence: Sequence;
  budget: DiskBudget;
  /** Verbs that take entries out of the log (or put them back) read first, then write: one after the other. */
  logChanges: SerialQueue;
  events: TypedEmitter<JournalEvents>;
  clock: Clock;
  log: Log;
}
