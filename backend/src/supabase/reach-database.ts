import { systemClock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { ApiThread } from './local/api-thread.js';
import { PostgresCluster } from './local/cluster.js';
import { localKeys } from './local/keys.js';
import type { DatabaseSettings } from './open-database.js';

export interface ReachedDatabase {
  url: string;
  serviceRoleKey: string;
  /** Migrations that were applied on the way (own Postgres and embedded). */
  migrated: string[];
  /** Leaves a database that somebody else uses as it was. */
  close(): Promise<void>;
}

/**
 * The configured database for a command, whether or not a gateway is at work on it.
 * @throws GatewayError `BAD_CONFIGURATION`, `DATABASE_UNAVAILABLE`
 */
export async function reachDatabase(options: {
  settings: DatabaseSettings;
  dataDir: string;
  log: Log;
}): Promise<ReachedDatabase> {
  const { settings, dataDir, log } = options;
  const { supabaseUrl, serviceRoleKey, databaseUrl } = settings;
  if (settings.mode === 'supabase') {
    return { url: supabaseUrl!, serviceRoleKey: serviceRoleKey!, migrated: [], close: async () => undefined };
  }
  const keys = await localKeys(dataDir, settings);
  const clock = systemClock;
  const cluster = settings.mode === 'embedded' ? new PostgresCluster({ dataDir, log, clock }) : null;
  const leave = async () => {
    // A gateway may be at work on it: then it goes on.
    if (cluster?.adopted) cluster.release();
    else await cluster?.stop();
  };
  try {
    const database = cluster ? await cluster.start() : databaseUrl!;
    const thread = new ApiThread({ input: { database, keys, port: 0 }, log, clock });
    const { port, migrated } = await thread.start();
    const close = () => thread.stop().then(leave);
    return { url: `http://127.0.0.1:${port}`, serviceRoleKey: keys.serviceRoleKey, migrated, close };
  } catch (error) {
    await leave();
    throw error;
  }
}
