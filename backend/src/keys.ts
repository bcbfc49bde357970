import { KeysCommand, USAGE } from './access/keys-command.js';
import { ownUrl } from './config/own-url.js';
import { loadConfig } from './config/load-config.js';
import { readCommandLine } from './lib/command-line.js';
import { isGatewayError } from './lib/errors.js';

/** `npm run keys`: makes, lists, renews and revokes API keys of the running gateway, with the root key of the settings. */
async function main(): Promise<void> {
  const { values, positionals } = readCommandLine({
    usage: USAGE,
    words: 2,
    options: {
      name: { type: 'string' },
      grants: { type: 'string' },
      owner: { type: 'string' },
      companies: { type: 'string' },
      connections: { type: 'string' },
      rate: { type: 'string' },
      days: { type: 'string' },
      'grace-hours': { type: 'string' },
      url: { type: 'string' },
    },
  });
  const { http } = loadConfig(process.env);
  const command = new KeysCommand({ url: values.url ?? ownUrl(http), rootKey: http.apiKey });
  process.stdout.write(await command.run(positionals, values));
}

main().catch((error: unknown) => {
  const isConfig = isGatewayError(error, 'BAD_CONFIGURATION');
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${isConfig ? '' : USAGE}`);
  process.exitCode = isConfig ? 78 : 1;
});
