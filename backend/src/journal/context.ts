import { type Clock, systemClock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import { type BudgetAlert, DiskBudget } from './disk-budget.js';
import type { DurableWriter } from './durable-writer.js';
import type { Environment } from './open-environment.js';
import type { LogEntry } from './records.js';
import type { Sealer } from './sealing.js';
import { Sequence } from './sequence.js';
import { SerialQueue } from './serial-queue.js';
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

/** What the verbs work with, over an environment that is open. Counts the budget, so it reads the log's sizes once. */
export function contextOf(
  options: { maxBytes: number; log: Log; clock?: Clock },
  { dir, tables, writer, sealer }: Environment,
): JournalContext {
  const events = new TypedEmitter<JournalEvents>(options.log);
  const budget = new DiskBudget(options.maxBytes, (alert) => {
    options.log.warn('journal budget mark passed', { ...alert });
    events.emit('budget', alert);
  });
  for (const table of [tables.log, tables.dead]) for (const bytes of table.sizes()) budget.add(bytes);
  return {
    dir,
    tables,
    writer,
    sealer,
    sequence: new Sequence(tables),
    budget,
    logChanges: new SerialQueue(),
    events,
    clock: options.clock ?? systemClock,
    log: options.log,
  };
}
