import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ESSENTIALS_FOLDER, listEssentialCopies } from '../journal/essential-copies.js';
import { Journal } from '../journal/journal.js';
import { KEY_FILE } from '../journal/key-file.js';
import { lockDirectory } from '../journal/lock-directory.js';
import { DATA_FILE } from '../journal/open-environment.js';
import { assertReadable } from '../journal/sound-data-file.js';
import { MARKS_FILE } from '../journal/work-marks.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { loadDatabase } from '../supabase/local/dump-database.js';
import { isArchive, unpackInto } from './archive.js';
import { DATABASE_FOLDER, KEYS_FILE, readManifest, type Manifest } from './manifest.js';
import { OUTGOING_FOLDER } from './outgoing-files.js';

export interface RestoreOptions {
  dataDir: string;
  /** What `makeBackup` has made: a folder, or a file `….tar.gz`. */
  from: string;
  /** SESSION_ENCRYPTION_KEY; tried before anything is said to be restored. */
  encryptionKey: string | null;
  journalMaxBytes: number;
  /** Whether the rows belong into the data directory. */
  embedded: boolean;
  /** Puts what is there aside instead of refusing. */
  force: boolean;
  log: Log;
}

export interface Restored {
  manifest: Manifest;
  /** Connections that the next start opens. */
  connections: string[];
  /** Where what was there before lies now; null when there was nothing. */
  aside: string | null;
}

/** The journal and what speaks of its records. */
const JOURNAL_FILES = [DATA_FILE, `${DATA_FILE}-lock`, KEY_FILE, MARKS_FILE];
const EVERYTHING = [...JOURNAL_FILES, 'secrets.key', KEYS_FILE, 'postgres', OUTGOING_FOLDER];

/**
 * Puts a backup into a data directory that no gateway is at work on. It is compared with its list first, and opened with
 * the key last; when that fails, what was there before is put back.
 * @throws GatewayError `JOURNAL_LOCKED` (a gateway runs there), `BAD_REQUEST` (no backup, damaged, or the directory is in
 *   use and `force` is not set), `JOURNAL_KEY_MISMATCH`
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const from = resolve(options.from);
  if (!existsSync(from)) throw new GatewayError('BAD_REQUEST', `There is no backup at ${from}.`);
  if (!isArchive(from)) return restoreFolder(from, options);
  const folder = await mkdtemp(join(tmpdir(), 'sentinela-restore-'));
  try {
    await unpackInto(from, folder);
    return await restoreFolder(folder, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Puts the newest whole copy of credentials and keys of the data directory in the place of its journal, when that is
 * damaged or gone. Rows, files and keys of the local API stay as they are.
 * @throws GatewayError like `restoreBackup`; `BAD_REQUEST` also when the journal is sound and `force` is not set
 */
export async function restoreEssentials(options: Omit<RestoreOptions, 'from'>): Promise<Restored> {
  const { dataDir, force } = options;
  const copies = listEssentialCopies(dataDir);
  const problems: string[] = [];
  for (const from of copies) {
    try {
      await readManifest(from);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      continue;
    }
    return restoreFolder(from, { ...options, from, force: force || !(await isReadable(join(dataDir, DATA_FILE))) });
  }
  const what = copies.length === 0 ? 'There is no copy' : `No copy is whole (${problems.join(' ')})`;
  throw new GatewayError('BAD_REQUEST', `${what} in ${join(dataDir, ESSENTIALS_FOLDER)}. Restore a backup: --from.`);
}

async function isReadable(file: string): Promise<boolean> {
  try {
    await assertReadable(file);
    return true;
  } catch (error) {
    if (isGatewayError(error, 'JOURNAL_DAMAGED')) return false;
    throw error;
  }
}

async function restoreFolder(folder: string, options: RestoreOptions): Promise<Restored> {
  const manifest = await readManifest(folder);
  const { dataDir, embedded, log } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const replaced = manifest.essentials ? JOURNAL_FILES : EVERYTHING;
  const aside = await layAside(options, replaced);
  try {
    await mkdir(join(dataDir, OUTGOING_FOLDER), { recursive: true, mode: 0o700 });
    for (const { path } of manifest.files.filter((file) => !file.path.startsWith(`${DATABASE_FOLDER}/`))) {
      // What was not put aside stays.
      if (!replaced.includes(path) && existsSync(join(dataDir, path))) continue;
      await copyFile(join(folder, path), join(dataDir, path));
      await chmod(join(dataDir, path), 0o600);
    }
    const connections = await connectionsIn(options);
    if (embedded && manifest.tables) {
      await loadDatabase({ dataDir, folder: join(folder, DATABASE_FOLDER), tables: manifest.tables, log });
    }
    return { manifest, connections, aside };
  } catch (error) {
    await putBack(dataDir, aside, replaced);
    throw error;
  }
}

/** Under the lock, so that no gateway is at work; the lock goes before the journal is opened, which takes its own. */
async function layAside({ dataDir, force }: RestoreOptions, names: readonly string[]): Promise<string | null> {
  const lock = await lockDirectory(dataDir);
  try {
    const present = names.filter((name) => existsSync(join(dataDir, name)));
    if (present.length === 0) return null;
    if (!force) {
      throw new GatewayError(
        'BAD_REQUEST',
        `${dataDir} has a journal or rows. --force puts what is there aside; nothing is deleted.`,
      );
    }
    const aside = join(dataDir, `before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`);
    await mkdir(aside, { mode: 0o711 });
    for (const name of present) await rename(join(dataDir, name), join(aside, name));
    return aside;
  } finally {
    await lock.release();
  }
}

async function putBack(dataDir: string, aside: string | null, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await rm(join(dataDir, name), { recursive: true, force: true });
    if (aside !== null && existsSync(join(aside, name))) await rename(join(aside, name), join(dataDir, name));
  }
  if (aside !== null) await rm(aside, { recursive: true, force: true });
}

/** Opens what was restored: proves key and format, and says whom the next start will log in. */
async function connectionsIn(options: RestoreOptions): Promise<string[]> {
  const { dataDir: dir, encryptionKey, journalMaxBytes: maxBytes, log } = options;
  const journal = await Journal.open({ dir, encryptionKey, maxBytes, log });
  try {
    return journal.listConnections().flatMap((each) => (each.wanted === 'connected' ? [each.connectionId] : []));
  } finally {
    await journal.close();
  }
}
