import { parseArgs } from 'node:util';
import { loadConfig } from './config/load-config.js';
import { createLog } from './lib/create-log.js';
import { isGatewayError } from './lib/errors.js';
import { migrate } from './supabase/migrate.js';

/** `npm run db:migrate`: brings the configured database to this version's schema and says what it did. */
async function main(): Promise<void> {
  // It takes none: whoever asks for --help or a dry run must not get a migration.
  parseArgs({ options: {} });
  const config = loadConfig(process.env);
  const log = createLog({ dir: config.logDir, level: config.logLevel, console: false });
  try {
    const done = await migrate({ settings: config.database, dataDir: config.dataDir, log });
    process.stdout.write(
      done.length > 0 ? `Applied: ${done.join(', ')}\n` : 'Nothing to do: the schema is up to date.\n',
    );
  } finally {
    await log.close();
  }
}

main().catch((error: unknown) => {
  const isConfig = isGatewayError(error, 'BAD_CONFIGURATION');
  const problems = isConfig && Array.isArray(error.details) ? error.details.map(String) : [];
  process.stderr.write(`${[String(error), ...problems].join('\n  - ')}\n`);
  process.exitCode = isConfig ? 78 : 1;
});
