import { restoreBackup, restoreEssentials } from './backup/restore-backup.js';
import { loadConfig } from './config/load-config.js';
import { readCommandLine } from './lib/command-line.js';
import { createLog } from './lib/create-log.js';

const USAGE = `npm run restore -- --from <folder, or file.tar.gz> [--force]
npm run restore -- --essentials [--force]   (the copy of credentials and keys in the data directory)
`;

const LOST =
  'Not in this copy: received messages that were no rows yet, sends that were under way, scheduled messages, deliveries ' +
  'of webhooks, and encryption sessions, which WhatsApp makes anew with the next message of each contact.\n';

/** `npm run restore`: puts a backup into the data directory of a gateway that does not run. */
async function main(): Promise<void> {
  const options = {
    from: { type: 'string' },
    essentials: { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
  } as const;
  const { values } = readCommandLine({ options, usage: USAGE });
  const { from, essentials, force } = values;
  if ((from === undefined) !== essentials) throw new Error(`Either --from or --essentials is needed.\n${USAGE}`);
  const { dataDir, database, sessionEncryptionKey, journalMaxBytes, logDir, logLevel } = loadConfig(process.env);
  const log = createLog({ dir: logDir, level: logLevel, console: false });
  try {
    const how = { dataDir, force, journalMaxBytes, log, encryptionKey: sessionEncryptionKey };
    const more = { ...how, embedded: database.mode === 'embedded' };
    const restored = from === undefined ? await restoreEssentials(more) : await restoreBackup({ ...more, from });
    const { manifest, connections, aside } = restored;
    process.stdout.write(`Restored the backup of ${manifest.madeAt} into ${dataDir}.\n`);
    if (aside) process.stdout.write(`What was there before lies in ${aside}.\n`);
    process.stdout.write(`The next start connects: ${connections.join(', ') || 'nobody'}.\n`);
    if (manifest.essentials) process.stdout.write(LOST);
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
