import type postgres from 'postgres';
import { systemClock } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import { importOptional } from './binaries.js';
import { PostgresCluster } from './cluster.js';
import { connectOptions } from './connect.js';

/**
 * Lends the embedded database of a data directory. One that a gateway is at work on is used as it is and left running;
 * one that rests is started, and stopped again.
 * @throws GatewayError `BAD_CONFIGURATION`, `DATABASE_UNAVAILABLE`, and whatever `work` throws
 */
export async function withCluster<T>(
  { dataDir, log }: { dataDir: string; log: Log },
  work: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const cluster = new PostgresCluster({ dataDir, log, clock: systemClock });
  try {
    const { default: open } = await importOptional('postgres', () => import('postgres'));
    const { url, options } = connectOptions(await cluster.start());
    const sql = open(url, { ...options, max: 1 });
    try {
      return await work(sql);
    } finally {
      await sql.end({ timeout: 5 });
    }
  } finally {
    if (cluster.adopted) cluster.release();
    else await cluster.stop();
  }
}
