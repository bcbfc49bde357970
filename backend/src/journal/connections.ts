import type { JournalContext } from './context.js';
import { goneWrite } from './gone-connections.js';
import { connectionKey } from './record-keys.js';
import type { ConnectionRecord } from './records.js';
import type { Tables, Write } from './tables.js';

export function getConnection(tables: Tables, connectionId: string): ConnectionRecord | null {
  return tables.connections.get(connectionKey(connectionId));
}

/** In the order of creation. */
export function listConnections(tables: Tables): ConnectionRecord[] {
  return tables.connections
    .range()
    .map(({ value }) => value)
    .sort((a, b) => a.createdAt - b.createdAt);
}

export function connectionWrite(tables: Tables, record: ConnectionRecord): Write {
  return tables.connections.put(connectionKey(record.connectionId), record);
}

/**
 * Takes it out of the registry; its auth state and its entries in the log are left as they are. What it has counted stays
 * in the totals of its owner. @param last its newest record, when the one on the disk may be older
 */
export function deleteConnection(
  context: JournalContext,
  connectionId: string,
  last?: ConnectionRecord,
): Promise<void> {
  const { tables, writer, logChanges } = context;
  // One after the other: two of one owner add to the same sum.
  return logChanges.run(async () => {
    const kept = getConnection(tables, connectionId);
    const removal = tables.connections.remove(connectionKey(connectionId));
    await writer.write([removal, ...(kept ? [goneWrite(context, last ?? kept)] : [])]);
  });
}
