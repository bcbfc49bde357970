import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeBackup } from './backup/make-backup.js';
import { VERSION } from './lib/version.js';
import { loadConfig } from './config/load-config.js';
import { readCommandLine } from './lib/command-line.js';
import { createLog } from './lib/create-log.js';

const USAGE = 'npm run backup -- --to <new folder, or file.tar.gz>\n';

/** `npm run backup`: copies the data directory as it is at one moment, while the gateway runs. */
async function main(): Promise<void> {
  const { values } = readCommandLine({ options: { to: { type: 'string' } }, usage: USAGE });
  if (!values.to) throw new Error(`--to is needed.\n${USAGE}`);
  const { dataDir, database, logDir, logLevel } = loadConfig(process.env);
  const log = createLog({ dir: logDir, level: logLevel, console: false });
  try {
    const embedded = database.mode === 'embedded';
    const { files } = await makeBackup({ dataDir, to: values.to, embedded, version: VERSION, log });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    process.stdout.write(`Backed up ${dataDir} to ${values.to}: ${files.length} files, ${bytes} bytes.\n`);
    process.stdout.write('Whoever has it can be your WhatsApp: keep it as safe as the original.\n');
    const media = join(dataDir, 'media');
    if (existsSync(media)) process.stdout.write(`Files of other messages are not in it: copy ${media}, too (rsync).\n`);
    if (!embedded) process.stdout.write('The rows are in a database of their own: back that up with its own tools.\n');
  } finally {
    await log.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
