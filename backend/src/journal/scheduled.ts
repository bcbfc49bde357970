import { afterPrefix, connectionIdOfKey, connectionKey } from './record-keys.js';
import type { NewLogEntry } from './records.js';
import { RETENTION_MS } from './retention.js';
import type { ScheduledRecord, ScheduledSummary } from './schedule-records.js';
import type { Tables, Write } from './tables.js';

/** A scheduled message; finished ones for 30 days. */
export function getScheduled(tables: Tables, id: string): ScheduledRecord | null {
  return tables.scheduled.get(idKey(id));
}

/** Connections that have something waiting; reads one key a connection. */
export function listScheduleLanes(tables: Tables): string[] {
  const lanes: string[] = [];
  let start: Buffer | undefined;
  for (;;) {
    const [row] = tables.scheduledDue.rangeRaw({ ...(start && { start }), limit: 1 });
    if (row === undefined) return lanes;
    const { id, prefix } = connectionIdOfKey(row.key);
    lanes.push(id);
    start = afterPrefix(prefix);
  }
}

/** What waits for a connection, the earliest first, up to what is due at `until` (ms since the epoch). */
export function listDueScheduled(
  tables: Tables,
  connectionId: string,
  until: number,
  limit: number,
): ScheduledRecord[] {
  const start = connectionKey(connectionId);
  const end = Buffer.concat([start, timeKey(until + 1)]);
  const due = tables.scheduledDue.range({ start, end, limit });
  return due.map(({ value: key }) => tables.scheduled.get(key)).filter((record) => record !== null);
}

/** When a connection's next one is due, ms since the epoch; null when none waits. */
export function nextScheduledAt(tables: Tables, connectionId: string): number | null {
  const start = connectionKey(connectionId);
  const [first] = tables.scheduledDue.rangeRaw({ start, end: afterPrefix(start), limit: 1 });
  return first ? first.key.readUIntBE(start.length, 6) : null;
}

/** How many wait for a connection, counted up to `most`. */
export function countScheduled(tables: Tables, connectionId: string, most: number): number {
  const start = connectionKey(connectionId);
  let count = 0;
  for (const _key of tables.scheduledDue.db.getKeys({ start, end: afterPrefix(start), limit: most })) count++;
  return count;
}

/** Every record in that state, one at a time. */
export function* listScheduledIn(tables: Tables, state: ScheduledRecord['state']): Generator<ScheduledRecord> {
  let start: Buffer | undefined;
  for (;;) {
    const [row] = tables.scheduled.range({ ...(start && { start }), limit: 1 });
    if (row === undefined) return;
    if (row.value.state === state) yield row.value;
    start = Buffer.concat([row.key, Buffer.of(0)]);
  }
}

/** The record, and its place among those that wait. */
export function scheduledWrites(tables: Tables, record: ScheduledRecord): Write[] {
  const key = idKey(record.id);
  const before = tables.scheduled.get(key);
  const isOpen = record.state === 'AGENDADA' || record.state === 'ACEITA';
  return [
    ...(before?.state === 'AGENDADA' ? [tables.scheduledDue.remove(dueKey(before))] : []),
    tables.scheduled.put(key, record, isOpen ? 0 : record.updatedAt + RETENTION_MS.scheduled),
    ...(record.state === 'AGENDADA' ? [tables.scheduledDue.put(dueKey(record), key)] : []),
  ];
}

/** What its row is to say: belongs into the commit that changes the record. */
export function scheduledEntry(record: ScheduledRecord): NewLogEntry {
  const { content: _content, context: _context, fill: _fill, file: _file, bodySha256: _sha, ...summary } = record;
  return { kind: 'scheduled', connectionId: record.connectionId, summary: summary satisfies ScheduledSummary };
}

function idKey(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function dueKey({ connectionId, sendAt, id }: ScheduledRecord): Buffer {
  return Buffer.concat([connectionKey(connectionId), timeKey(sendAt), idKey(id)]);
}

/** 6 bytes, big-endian: byte order is time order. */
function timeKey(ms: number): Buffer {
  const key = Buffer.alloc(6);
  key.writeUIntBE(Math.max(0, Math.floor(ms)), 0, 6);
  return key;
}
