import { GatewayClient } from './commands/gateway-client.js';
import { renderChecks, runChecks } from './commands/system-check.js';
import { whatsappChecks } from './commands/whatsapp-checks.js';
import { withDatabase } from './commands/with-database.js';
import { loadConfig } from './config/load-config.js';
import { ownUrl } from './config/own-url.js';
import { readCommandLine } from './lib/command-line.js';
import { isGatewayError } from './lib/errors.js';
import { InstanceTable } from './supabase/instances.js';

const USAGE = 'npm run test:whatsapp [-- --url <where the gateway is, when not where the settings say>]';

/** `npm run test:whatsapp`: tries the running system from the outside. 0: all is well; 1: a check failed; 2: not tried. */
async function main(): Promise<void> {
  const { values } = readCommandLine({ options: { url: { type: 'string' } }, usage: USAGE });
  const config = loadConfig(process.env);
  const gateway = new GatewayClient({ url: values.url ?? ownUrl(config.http), rootKey: config.http.apiKey });
  // Before anything is opened: without a running gateway there is nothing to try.
  await gateway.need('GET', '/health/live');
  await withDatabase(config, async (database) => {
    const table = new InstanceTable(database);
    const results = await runChecks(whatsappChecks({ gateway, table, evolution: config.evolution }));
    process.stdout.write(renderChecks(results));
    process.exitCode = results.some(({ result }) => result === 'failed') ? 1 : 0;
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = isGatewayError(error, 'BAD_CONFIGURATION') ? 78 : 2;
});
