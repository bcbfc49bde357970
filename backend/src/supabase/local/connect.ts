import type postgres from 'postgres';
import type { ClusterAddress } from './cluster.js';

type Options = postgres.Options<Record<string, postgres.PostgresType>>;

/** Connection URL and options of a database that is named by URL or by socket. */
export function connectOptions(database: string | ClusterAddress): { url: string; options: Options } {
  const common = { onnotice: () => undefined, connect_timeout: 10 };
  if (typeof database === 'string') return { url: database, options: common };
  const { socketDir, port, database: name = 'postgres' } = database;
  return {
    url: '',
    options: { ...common, path: `${socketDir}/.s.PGSQL.${port}`, user: 'postgres', database: name },
  };
}
