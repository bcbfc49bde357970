import type { AuditRecord } from './access-records.js';
import type { JournalContext } from './context.js';
import type { Tables } from './tables.js';

export function appendAudit({ tables, writer }: JournalContext, record: AuditRecord): Promise<void> {
  return writer.write([tables.audit.put(auditKey(record), record)]);
}

/** The oldest ones; they stay until completed. */
export function claimAudit(tables: Tables, limit: number): AuditRecord[] {
  return tables.audit.range({ limit }).map(({ value }) => value);
}

/** Their rows exist. */
export function completeAudit({ tables, writer }: JournalContext, records: AuditRecord[]): Promise<void> {
  const writes = records.map((record) => tables.audit.remove(auditKey(record)));
  return writer.write(writes, 'soon');
}

/** In the order of time, and never the same for two. */
function auditKey({ at, id }: AuditRecord): Buffer {
  const time = Buffer.alloc(6);
  time.writeUIntBE(at, 0, 6);
  return Buffer.concat([time, Buffer.from(id)]);
}
