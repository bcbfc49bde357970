import { seqKey, seqOfKey } from './record-keys.js';
import type { LogEntry } from './records.js';
import type { Tables } from './tables.js';

/** The oldest durable entries after `afterSeq`, oldest first. They stay in the log until they are completed or parked. */
export function claimEntries(tables: Tables, limit: number, afterSeq = 0): LogEntry[] {
  if (limit <= 0) return [];
  const rows = tables.log.rangeRaw({ start: seqKey(afterSeq + 1), limit });
  return rows.map(({ key, value }) => readEntry(tables, key, value));
}

/** One damaged record must not hold up all that come after it: it is handed out as `unreadable`, to be parked. */
export function readEntry(tables: Tables, key: Buffer, bytes: Buffer): LogEntry {
  try {
    return tables.log.decode(key, bytes);
  } catch {
    // Which connection it was about, and when it came, is lost with it.
    return { kind: 'unreadable', connectionId: '', seq: seqOfKey(key), at: 0, bytes: Buffer.from(bytes) };
  }
}
