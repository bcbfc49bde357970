import { afterPrefix, connectionIdOfKey } from './record-keys.js';
import type { JournalContext } from './context.js';
import type { Tables } from './tables.js';

const SIGHTINGS_KEY = Buffer.from('orphanSightings');

/** Every connection id that has credentials or keys, whether or not the registry knows it. One read a connection. */
export function listAuthOwners({ auth }: Tables): string[] {
  const owners: string[] = [];
  let start: Buffer | undefined;
  for (;;) {
    const [row] = auth.rangeRaw({ ...(start && { start }), limit: 1 });
    if (row === undefined) return owners;
    const { id, prefix } = connectionIdOfKey(row.key);
    owners.push(id);
    start = afterPrefix(prefix);
  }
}

/** When each orphan was reported first, ms since the epoch: a restart must not begin its waiting time anew. */
export function getOrphanSightings({ meta }: Tables): Record<string, number> {
  return (meta.get(SIGHTINGS_KEY) as Record<string, number> | null) ?? {};
}

export function setOrphanSightings(context: JournalContext, sightings: Record<string, number>): Promise<void> {
  return context.writer.write([context.tables.meta.put(SIGHTINGS_KEY, sightings)]);
}
