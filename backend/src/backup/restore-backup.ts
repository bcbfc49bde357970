import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Journal } from '../journal/journal.js';
import { lockDirectory } from '../journal/lock-directory.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { loadDatabase } from '../supabase/local/dump-database.js';
import { isArchive, unpackInto } from './archive.js';
import { DATABASE_FOLDER, readManifest, type Manifest } from './manifest.js';
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

const LAID_ASIDE = [
  ...[
    'journal.lmdb',
    'journal.lmdb-lock',
    'journal.key.json',
    'secrets.key',
    'supabase-keys.json',
    'postgres',
    OUTGOING_FOLDER,
  ],
];

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

async function restoreFolder(folder: string, options: RestoreOptions): Promise<Restored> {
  const manifest = await readManifest(folder);
  const { dataDir, embedded, log } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const aside = await layAside(options);
  try {
    await mkdir(join(dataDir, OUTGOING_FOLDER), { recursive: true, mode: 0o700 });
    for (const { path } of manifest.files.filter((file) => !file.path.startsWith(`${DATABASE_FOLDER}/`))) {
      await copyFile(join(folder, path), join(dataDir, path));
      await chmod(join(dataDir, path), 0o600);
    }
    const connections = await connectionsIn(options);
    if (embedded && manifest.tables) {
      await loadDatabase({ dataDir, folder: join(folder, DATABASE_FOLDER), tables: manifest.tables, log });
    }
    return { manifest, connections, aside };
  } catch (error) {
    await putBack(dataDir, aside);
    throw error;
  }
}

/** Under the lock, so that no gateway is at work; the lock goes before the journal is opened, which takes its own. */
async function layAside({ dataDir, force }: RestoreOptions): Promise<string | null> {
  const lock = await lockDirectory(dataDir);
  try {
    const present = LAID_ASIDE.filter((name) => existsSync(join(dataDir, name)));
    if (present.length === 0) return null;
    if (!force) {
      throw new GatewayError(
        'BAD_REQUEST',
        `${dataDir} is in use. --force puts what is there aside; nothing is deleted.`,
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

async function putBack(dataDir: string, aside: string | null): Promise<void> {
  for (const name of LAID_ASIDE) {
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
