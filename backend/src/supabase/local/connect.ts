import type postgres from 'postgres';
import type { ClusterAddress } from './cluster.js';

type Options = postgres.Options<Record<string, postgres.PostgresType>>;

/** By default it waits longer after each failure, up to 20 s, and every request waits along: reads time out instead of
 *  saying at once that the database is away, and it stays away for us long after it is back. Who asks has its own backoff. */
const RECONNECT_S = 0.1;

/** Connection URL and options of a database that is named by URL or by socket. */
export function connectOptions(database: string | ClusterAddress): { url: string; options: Options } {
  const common = { onnotice: () => undefined, connect_timeout: 10, backoff: () => RECONNECT_S };
  if (typeof database === 'string') return { url: database, options: common };
  const { socketDir, port, database: name = 'postgres' } = database;
  return {
    url: '',
    options: { ...common, path: `${socketDir}/.s.PGSQL.${port}`, user: 'postgres', database: name },
  };
}
