import type { JournalContext } from './context.js';
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

/** Takes it out of the registry; its auth state and its entries in the log are left as they are. */
export function deleteConnection({ tables, writer }: JournalContext, connectionId: string): Promise<void> {
  return writer.write([tables.connections.remove(connectionKey(connectionId))]);
}
