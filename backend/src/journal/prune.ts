import { setImmediate as turn } from 'node:timers/promises';
import type { JournalContext } from './context.js';
import { expiryOf, type Row, type Tables } from './tables.js';

const PRUNED = [
  ...([
    'parts',
    'replay',
    'outbox',
    'idempotency',
    'archive',
    'deliveries',
    'media',
    'scheduled',
    'remoteSends',
  ] as const),
] as const satisfies (keyof Tables)[];
type Pruned = (typeof PRUNED)[number];
/** Rows looked at per turn of the event loop: about 2 ms. */
const SLICE = 1000;

/** Removes what has outlived its time (src/journal/retention.ts), in slices, so that sockets are served meanwhile. */
export async function prune(context: JournalContext, now: number): Promise<Record<Pruned, number>> {
  const removed = Object.fromEntries(PRUNED.map((name) => [name, 0])) as Record<Pruned, number>;
  for (const name of PRUNED) removed[name] = await pruneTable(context, name, now);
  return removed;
}

async function pruneTable(context: JournalContext, name: Pruned, now: number): Promise<number> {
  const table = context.tables[name];
  let removed = 0;
  let start: Buffer | undefined;
  for (;;) {
    const rows = table.rangeRaw({ ...(start && { start }), limit: SLICE });
    const expired = rows.filter(({ value }) => isExpired(value, now));
    await context.writer.write(expired.map(({ key }) => table.remove(key)));
    removed += expired.length;
    const last: Row<Buffer> | undefined = rows.at(-1);
    if (last === undefined || rows.length < SLICE) return removed;
    start = Buffer.concat([last.key, Buffer.of(0)]);
    await turn();
  }
}

function isExpired(value: Buffer, now: number): boolean {
  const expiresAt = expiryOf(value);
  return expiresAt > 0 && expiresAt <= now;
}
