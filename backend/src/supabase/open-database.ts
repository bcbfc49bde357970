import { type Clock, systemClock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { ApiThread } from './local/api-thread.js';
import { PostgresCluster } from './local/cluster.js';
import { localKeys } from './local/keys.js';

/** The settings of the database, as config/ reads them. */
export interface DatabaseSettings {
  mode: 'supabase' | 'postgres' | 'embedded';
  supabaseUrl: string | null;
  serviceRoleKey: string | null;
  anonKey: string | null;
  jwtSecret: string | null;
  databaseUrl: string | null;
  /** Port of the Supabase-compatible API on 127.0.0.1; 0 = any free one. */
  localPort: number;
  /** Origins of pages that may call that API; none unless given. */
  origins?: readonly string[];
  /** Whether whoever has the anon key may make users there. */
  localAuthSignup?: boolean;
  /** The embedded one ends by itself so long after its gateway was killed. */
  orphanMs?: number;
}

export interface OpenDatabaseOptions {
  settings: DatabaseSettings;
  dataDir: string;
  log: Log;
  clock?: Clock;
  /** The API's built entry, where this runs from source (default: the source, translated, which takes a second longer). */
  compiledApi?: string;
}

/** A Supabase-compatible API that is there, whatever stands behind it. */
export interface Database {
  url: string;
  serviceRoleKey: string;
  /** null with a Supabase project whose anon key was not given: the gateway does not need it. */
  anonKey: string | null;
  /** HS256 secret of users' JWTs; null when not known. */
  jwtSecret: string | null;
  /** Migrations that were applied now (own Postgres and embedded). */
  migrated: string[];
  /** Can be called twice. */
  close(): Promise<void>;
}

/**
 * Makes the database ready: nothing to do for a Supabase project; for an own Postgres the API thread and missing
 * migrations; for the embedded one the cluster as well.
 * @throws GatewayError `BAD_CONFIGURATION`, `DATABASE_UNAVAILABLE`
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const { settings } = options;
  if (settings.mode === 'supabase') return supabaseProject(settings);
  const { dataDir, log, clock = systemClock, compiledApi: compiled } = options;
  const keys = await localKeys(dataDir, settings);
  const cluster =
    settings.mode === 'embedded' ? new PostgresCluster({ dataDir, log, clock, ...orphanOf(settings) }) : null;
  try {
    const database = cluster ? await cluster.start() : required(settings.databaseUrl, 'DATABASE_URL');
    const { localPort: port, origins = [], localAuthSignup: signup = false } = settings;
    const input = { database, keys, port, origins, signup };
    const thread = new ApiThread({ input, log, clock, ...(compiled === undefined ? {} : { compiled }) });
    const { port: listensAt, migrated, users } = await thread.start();
    if (migrated.length > 0) log.info('database migrations applied', { migrated });
    if (!users) log.warn(WITHOUT_ROLES);
    let closing: Promise<void> | null = null;
    // The API first, so that nobody writes while Postgres shuts down.
    const close = () => (closing ??= thread.stop().then(() => cluster?.stop()));
    return { url: `http://127.0.0.1:${listensAt}`, ...keys, migrated, close };
  } catch (error) {
    await cluster?.stop();
    throw error;
  }
}

const WITHOUT_ROLES =
  'the database has no roles anon, authenticated and service_role for this user: the gateway writes and reads as usual, ' +
  'but the local Supabase API serves its service key only, no users (docs/own-postgres.md)';

function orphanOf({ orphanMs }: DatabaseSettings): { orphanMs?: number } {
  return orphanMs === undefined ? {} : { orphanMs };
}

function supabaseProject(settings: DatabaseSettings): Database {
  return {
    url: required(settings.supabaseUrl, 'SUPABASE_URL'),
    serviceRoleKey: required(settings.serviceRoleKey, 'SUPABASE_SERVICE_ROLE_KEY'),
    anonKey: settings.anonKey,
    jwtSecret: settings.jwtSecret,
    migrated: [],
    close: async () => undefined,
  };
}

function required(value: string | null, name: string): string {
  if (value) return value;
  throw new GatewayError('BAD_CONFIGURATION', `${name} is needed for this database mode.`);
}
