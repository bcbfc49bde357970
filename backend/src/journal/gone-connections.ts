import type { JournalContext } from './context.js';
import type { ConnectionRecord, GoneConnections } from './records.js';
import type { Tables, Write } from './tables.js';

/** What deleted connections had counted, one record for each owner and company. */
export function listGoneConnections(tables: Tables): GoneConnections[] {
  return tables.gone.range().map(({ value }) => value);
}

/** One more of them. Call it where nothing else writes the same sum meanwhile. */
export function goneWrite({ tables, sealer }: JournalContext, record: ConnectionRecord): Write {
  const { ownerId, companyId, connects = 0, disconnects = 0, messageCount } = record;
  const key = sealer.conceal(JSON.stringify([ownerId, companyId]));
  const sum = tables.gone.get(key) ?? { ownerId, companyId, created: 0, connected: 0, disconnected: 0, messages: 0 };
  return tables.gone.put(key, {
    ...{ ownerId, companyId, created: sum.created + 1, connected: sum.connected + connects },
    ...{ disconnected: sum.disconnected + disconnects, messages: sum.messages + messageCount },
  });
}
