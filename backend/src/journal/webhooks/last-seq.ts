import { seqOfKey } from '../record-keys.js';
import type { Tables, Write } from '../tables.js';
import type { WebhookContext } from './context.js';

const KEY = Buffer.from('lastEventSeq');

/** The last place that was ever given in the log of events: none is given twice, also when the log is empty. */
export function readLastSeq(tables: Tables): number {
  const remembered = (tables.meta.get(KEY) as number | null) ?? 0;
  for (const key of tables.events.db.getKeys({ reverse: true, limit: 1 })) return Math.max(remembered, seqOfKey(key));
  return remembered;
}

/** For a copy of the journal that goes on `count` places later. */
export function lastEventSeqAhead(tables: Tables, count: number): Write {
  return tables.meta.put(KEY, readLastSeq(tables) + count);
}

/** Belongs into every commit that gives places. */
export function lastSeqWrite({ journal: { tables }, lastSeq }: WebhookContext): Write {
  return tables.meta.put(KEY, lastSeq);
}
