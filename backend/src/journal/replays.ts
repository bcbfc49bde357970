import { connectionKey, ownedKey } from './record-keys.js';
import type { ReplayRecord } from './records.js';
import { RETENTION_MS } from './retention.js';
import type { Tables, Write } from './tables.js';

/** Stanzas whose work inside Baileys was not seen to end, the oldest first. */
export function listReplays(tables: Tables, connectionId: string): ReplayRecord[] {
  return tables.replay
    .withPrefix(connectionKey(connectionId))
    .map(({ key, value }) => tables.replay.decode(key, value))
    .sort((a, b) => a.at - b.at);
}

export function replayWrite(tables: Tables, record: ReplayRecord): Write {
  return tables.replay.put(ownedKey(record.connectionId, record.sha256), record, record.at + RETENTION_MS.parts);
}

export function replayRemoval(
  tables: Tables,
  { connectionId, sha256 }: Pick<ReplayRecord, 'connectionId' | 'sha256'>,
): Write {
  return tables.replay.remove(ownedKey(connectionId, sha256));
}
