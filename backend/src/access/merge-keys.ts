import type { ApiKeyRecord } from '../journal/access-records.js';

/**
 * Brings the journal's keys and the table's together. A revocation on either side wins; else what was changed here since
 * the last look wins over the table; else the table over us, so that an operator can change a row. A row that is gone is
 * no revocation: an emptied or exchanged database must not lock everybody out.
 * @returns the records that differ from `ours` afterwards
 */
export function mergeKeys(ours: ApiKeyRecord[], rows: ApiKeyRecord[]): ApiKeyRecord[] {
  const known = new Map(ours.map((record) => [record.id, record]));
  return rows.flatMap((row) => {
    const mine = known.get(row.id);
    if (!mine) return [row];
    const merged = mergeOne(mine, row);
    return JSON.stringify(merged) === JSON.stringify(mine) ? [] : [merged];
  });
}

function mergeOne(mine: ApiKeyRecord, row: ApiKeyRecord): ApiKeyRecord {
  const base = mine.mirrored ? row : mine;
  return {
    ...base,
    // The table has no column for them.
    ...(mine.texts && { texts: mine.texts }),
    revokedAt: earliest(mine.revokedAt, row.revokedAt),
    lastUsedAt: latest(mine.lastUsedAt, row.lastUsedAt),
    // A revocation that the table does not have yet has to get there.
    mirrored: mine.mirrored && (mine.revokedAt === null || row.revokedAt !== null),
  };
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
