import type { JournalContext } from './context.js';
import { ownedKey } from './record-keys.js';
import type { HistoryJob } from './records.js';
import type { Tables, Write } from './tables.js';

/** Histories that are still to be read, in no particular order. There are few at a time. */
export function listHistoryJobs(tables: Tables): HistoryJob[] {
  return tables.history.range().map(({ value }) => value);
}

export function historyJobWrite(context: JournalContext, job: HistoryJob): Write {
  return context.tables.history.put(keyOf(context, job), job);
}

/** It was read to its end, or given up. */
export function historyJobRemoval(context: JournalContext, job: Pick<HistoryJob, 'connectionId' | 'id'>): Write {
  return context.tables.history.remove(keyOf(context, job));
}

function keyOf({ sealer }: JournalContext, { connectionId, id }: Pick<HistoryJob, 'connectionId' | 'id'>): Buffer {
  return ownedKey(connectionId, sealer.conceal(id));
}
