import type { ApiKeyRecord } from './access-records.js';
import type { JournalContext } from './context.js';
import type { Tables } from './tables.js';

export function listApiKeys(tables: Tables): ApiKeyRecord[] {
  return tables.apiKeys.range().map(({ value }) => value);
}

/** All of them durable together: a revocation that was answered survives whatever comes next. */
export function saveApiKeys({ tables, writer, sealer }: JournalContext, records: ApiKeyRecord[]): Promise<void> {
  return writer.write(records.map((record) => tables.apiKeys.put(sealer.conceal(record.id), record)));
}
