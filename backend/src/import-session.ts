import { loadConfig } from './config/load-config.js';
import { importSession } from './integration/import-session.js';
import { Journal } from './journal/journal.js';
import { readCommandLine } from './lib/command-line.js';
import { partyOf, textsOf } from './lib/party.js';
import { createLog } from './lib/create-log.js';

const USAGE =
  'npm run import:session -- --connection <id> --folder <auth folder of Baileys> [--owner <uuid or text>] [--force]\n';

/** `npm run import:session`: a number that was paired with another Baileys program goes on here, without a new QR code. */
async function main(): Promise<void> {
  const { values } = readCommandLine({
    usage: USAGE,
    options: {
      connection: { type: 'string' },
      folder: { type: 'string' },
      owner: { type: 'string' },
      force: { type: 'boolean', default: false },
    },
  });
  if (!values.connection || !values.folder) throw new Error(`--connection and --folder are needed.\n${USAGE}`);
  const config = loadConfig(process.env);
  const { dataDir: dir, sessionEncryptionKey: encryptionKey, journalMaxBytes: maxBytes, defaultOwnerId } = config;
  const log = createLog({ dir: config.logDir, level: config.logLevel, console: false });
  const journal = await Journal.open({ dir, encryptionKey, maxBytes, log });
  try {
    const { connection: connectionId, folder, force, owner } = values;
    const { id: ownerId, text } = owner === undefined ? { id: defaultOwnerId, text: null } : partyOf(owner);
    const texts = owner === undefined ? config.defaultOwnerTexts : textsOf({ id: ownerId, text });
    const { imported, skipped } = await importSession({ journal, connectionId, ownerId, texts, folder, force });
    const counts = Object.entries(imported).map(([type, count]) => `${count} ${type}`);
    process.stdout.write(`Imported into ${connectionId}: credentials, ${counts.join(', ')}\n`);
    for (const file of skipped) process.stdout.write(`Skipped (no readable key): ${file}\n`);
    process.stdout.write('Start the gateway now; do not start the other program with this folder again.\n');
  } finally {
    await journal.close();
    await log.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
