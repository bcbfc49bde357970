import { seqKey } from './record-keys.js';
import type { LogEntry } from './records.js';
import type { Tables } from './tables.js';

/** The oldest durable entries after `afterSeq`, oldest first. They stay in the log until they are completed or parked. */
export function claimEntries(tables: Tables, limit: number, afterSeq = 0): LogEntry[] {
  if (limit <= 0) return [];
  return tables.log.range({ start: seqKey(afterSeq + 1), limit }).map(({ value }) => value);
}
