import { systemClock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { importOptional } from './local/binaries.js';
import { type ClusterAddress, PostgresCluster } from './local/cluster.js';
import { connectOptions } from './local/connect.js';
import { applyMigrations } from './migrations.js';
import type { DatabaseSettings } from './open-database.js';

export interface MigrateOptions {
  settings: DatabaseSettings;
  dataDir: string;
  log: Log;
}

/**
 * What `npm run db:migrate` does: brings the configured database to this version's schema.
 * A Supabase project is reached by DATABASE_URL (Project settings → Database); its API cannot change tables.
 * @returns the versions that were applied; [] when nothing was missing
 * @throws GatewayError `BAD_CONFIGURATION` saying which command to use instead
 */
export async function migrate({ settings, dataDir, log }: MigrateOptions): Promise<string[]> {
  if (settings.databaseUrl) return migrateAt(settings.databaseUrl);
  if (settings.mode === 'supabase') {
    throw new GatewayError(
      'BAD_CONFIGURATION',
      'A Supabase project needs DATABASE_URL for this (Project settings → Database → Connection string). ' +
        'Or, in backend/: npx supabase link --project-ref <ref> && npx supabase db push',
    );
  }
  const cluster = new PostgresCluster({ dataDir, log, clock: systemClock });
  try {
    return await migrateAt(await cluster.start());
  } finally {
    // A gateway may be at work on it: then it goes on.
    if (cluster.adopted) cluster.release();
    else await cluster.stop();
  }
}

async function migrateAt(database: string | ClusterAddress): Promise<string[]> {
  const { default: postgres } = await importOptional('postgres', () => import('postgres'));
  const { url, options } = connectOptions(database);
  const sql = postgres(url, { ...options, max: 1 });
  try {
    return await applyMigrations(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
