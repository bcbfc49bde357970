import type { JournalContext } from './context.js';
import type { IdempotencyRecord } from './records.js';
import { RETENTION_MS } from './retention.js';
import { expiryOf, type Write } from './tables.js';

/** What this Idempotency-Key was answered with; null after 7 days. */
export function findIdempotency(context: JournalContext, scope: string, key: string): IdempotencyRecord | null {
  const { idempotency } = context.tables;
  const address = addressOf(context, scope, key);
  const bytes = idempotency.getRaw(address);
  if (bytes === undefined || expiryOf(bytes) <= context.clock.now()) return null;
  return idempotency.decode(address, bytes);
}

export function idempotencyWrite(context: JournalContext, record: IdempotencyRecord): Write {
  const address = addressOf(context, record.scope, record.key);
  return context.tables.idempotency.put(address, record, record.at + RETENTION_MS.idempotency);
}

/** As JSON, so that no scope and key together read like another scope and key. */
function addressOf(context: JournalContext, scope: string, key: string): Buffer {
  return context.sealer.conceal(JSON.stringify([scope, key]));
}
