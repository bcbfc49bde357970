import { MigrateInstances, USAGE } from './commands/migrate-instances.js';
import { withDatabase } from './commands/with-database.js';
import { loadConfig } from './config/load-config.js';
import { readCommandLine } from './lib/command-line.js';
import { isGatewayError } from './lib/errors.js';
import { InstanceTable } from './supabase/instances.js';

/** `npm run migrate:whatsapp`: finds instances without a user and mends them. The gateway may be running. */
async function main(): Promise<void> {
  const { values, positionals } = readCommandLine({
    usage: USAGE,
    words: 2,
    options: { user: { type: 'string' }, organization: { type: 'string' }, 'dry-run': { type: 'boolean' } },
  });
  const config = loadConfig(process.env);
  const { user, organization, 'dry-run': dryRun = false } = values;
  await withDatabase(config, async (database, migrated) => {
    if (migrated.length > 0) process.stdout.write(`The schema was brought up to date: ${migrated.join(', ')}\n`);
    const command = new MigrateInstances(new InstanceTable(database));
    const { text, exitCode } = await command.run(positionals, { user, organization, dryRun });
    process.stdout.write(text);
    process.exitCode = exitCode;
  });
}

main().catch((error: unknown) => {
  const isConfig = isGatewayError(error, 'BAD_CONFIGURATION');
  process.stderr.write(
    `${error instanceof Error ? error.message : String(error)}\n${isGatewayError(error) ? '' : USAGE}`,
  );
  process.exitCode = isConfig ? 78 : 2;
});
