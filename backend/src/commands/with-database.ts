import type { GatewayConfig } from '../config/gateway-config.js';
import { systemClock } from '../lib/clock.js';
import { createLog } from '../lib/create-log.js';
import { reachDatabase } from '../supabase/reach-database.js';
import { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';

/**
 * Does something with the configured database and leaves it as it was found: running or not.
 * @param work gets the migrations, too, that had to be applied first
 * @throws GatewayError `BAD_CONFIGURATION`, `DATABASE_UNAVAILABLE`, `SCHEMA_OUTDATED`
 */
export async function withDatabase<T>(
  config: GatewayConfig,
  work: (database: SupabaseWhatsAppService, migrated: string[]) => Promise<T>,
): Promise<T> {
  const log = createLog({ dir: config.logDir, level: config.logLevel, console: false });
  try {
    const reached = await reachDatabase({ settings: config.database, dataDir: config.dataDir, log });
    const database = new SupabaseWhatsAppService({ host: { current: reached }, log, clock: systemClock });
    try {
      await database.checkSchema();
      return await work(database, reached.migrated);
    } finally {
      await database.stop();
      await reached.close();
    }
  } finally {
    await log.close();
  }
}
