import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { copyJournal } from '../journal/copy-journal.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { dumpDatabase } from '../supabase/local/dump-database.js';
import { isArchive, packFolder } from './archive.js';
import { DATABASE_FOLDER, describeFile, KEYS_FILE, type Manifest, syncPath, writeManifest } from './manifest.js';
import { copyOutgoing, listOutgoing, OUTGOING_FOLDER } from './outgoing-files.js';
import { enterPartial, leavePartial } from './partial-folders.js';

export interface BackupOptions {
  dataDir: string;
  /** A folder that does not exist yet or is empty, or a file `….tar.gz`. */
  to: string;
  /** Whether the rows lie in the data directory as well. */
  embedded: boolean;
  version: string;
  log: Log;
}

/**
 * Copies everything that a gateway needs to go on elsewhere, while it runs. The journal comes first and the rows after
 * it: what was written to the database in between is in both and will be recognised; the other way round it could be
 * in neither.
 * @returns the list of what is in it
 * @throws GatewayError `BAD_REQUEST` (target), `JOURNAL_FAILED`, `DATABASE_UNAVAILABLE`
 */
export async function makeBackup(options: BackupOptions): Promise<Manifest> {
  const to = resolve(options.to);
  await assertFree(to);
  await mkdir(dirname(to), { recursive: true });
  // Under its final name it is complete, or not there.
  const folder = await enterPartial(to);
  try {
    const manifest = await fill(folder, options);
    const made = isArchive(to) ? `${folder}.tar.gz` : folder;
    if (isArchive(to)) await packFolder(folder, made);
    await syncPath(made);
    await rename(made, to);
    await syncPath(dirname(to));
    return manifest;
  } finally {
    await leavePartial(folder);
  }
}

async function fill(folder: string, { dataDir, embedded, version, log }: BackupOptions): Promise<Manifest> {
  const madeAt = new Date().toISOString();
  await copyOutgoing(dataDir, folder);
  const files = await copyJournal(dataDir, folder);
  await copyOutgoing(dataDir, folder);
  files.push(...(await listOutgoing(folder)).map((name) => `${OUTGOING_FOLDER}/${name}`));
  if (existsSync(join(dataDir, KEYS_FILE))) {
    await copyFile(join(dataDir, KEYS_FILE), join(folder, KEYS_FILE));
    files.push(KEYS_FILE);
  }
  const database = join(folder, DATABASE_FOLDER);
  const tables = embedded ? await dumpDatabase({ dataDir, folder: database, log }) : null;
  files.push(...(tables ?? []).map(({ file }) => `${DATABASE_FOLDER}/${file}`));
  const described = [];
  for (const file of files) described.push(await describeFile(folder, file));
  const manifest: Manifest = { format: 1, madeAt, version, files: described, tables };
  await writeManifest(folder, manifest);
  return manifest;
}

async function assertFree(to: string): Promise<void> {
  if (!existsSync(to)) return;
  const isEmpty = !isArchive(to) && (await readdir(to).catch(() => ['no folder'])).length === 0;
  if (!isEmpty) throw new GatewayError('BAD_REQUEST', `${to} exists already: a backup is never written over.`);
}
