import { restoreBackup } from './backup/restore-backup.js';
import { loadConfig } from './config/load-config.js';
import { readCommandLine } from './lib/command-line.js';
import { createLog } from './lib/create-log.js';

const USAGE = 'npm run restore -- --from <folder, or file.tar.gz> [--force]\n';

/** `npm run restore`: puts a backup into the data directory of a gateway that does not run. */
async function main(): Promise<void> {
  const options = { from: { type: 'string' }, force: { type: 'boolean', default: false } } as const;
  const { values } = readCommandLine({ options, usage: USAGE });
  if (!values.from) throw new Error(`--from is needed.\n${USAGE}`);
  const { dataDir, database, sessionEncryptionKey, journalMaxBytes, logDir, logLevel } = loadConfig(process.env);
  const log = createLog({ dir: logDir, level: logLevel, console: false });
  try {
    const { manifest, connections, aside } = await restoreBackup({
      ...{ dataDir, from: values.from, force: values.force, journalMaxBytes, log },
      encryptionKey: sessionEncryptionKey,
      embedded: database.mode === 'embedded',
    });
    process.stdout.write(`Restored the backup of ${manifest.madeAt} into ${dataDir}.\n`);
    if (aside) process.stdout.write(`What was there before lies in ${aside}.\n`);
    process.stdout.write(`The next start connects: ${connections.join(', ') || 'nobody'}.\n`);
    process.stdout.write(
      'Make sure that the gateway of which this is a copy does not run any more: WhatsApp keeps only one of two that ' +
        'share a session, the other ends as "conflict".\n',
    );
  } finally {
    await log.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
