import { existsSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from 'lmdb';
import { GatewayError } from '../lib/errors.js';
import { KEY_FILE } from './key-file.js';
import { DATA_FILE } from './open-environment.js';
import { SECRETS_FILE } from './secret-box.js';
import { assertReadable } from './sound-data-file.js';
import type { RawRoot } from './tables.js';

/**
 * Copies the journal of `dir` into the folder `to`, as it is at one moment, while a gateway may be at work on it: a
 * second process may read an LMDB environment, and its copy (`mdb_env_copy2`, compacting) is one read transaction. Values
 * stay sealed; the key itself is in no file.
 * @returns the names of the files that were made
 * @throws GatewayError `JOURNAL_FAILED` when there is no journal, or it cannot be read; `JOURNAL_DAMAGED`
 */
export async function copyJournal(dir: string, to: string): Promise<string[]> {
  const source = join(dir, DATA_FILE);
  if (!existsSync(source)) throw new GatewayError('JOURNAL_FAILED', `There is no journal in ${dir}.`);
  // A damaged page would end this process, which may be the gateway's.
  await assertReadable(source);
  // The key files first: they are written once, before the data.
  const files = [KEY_FILE, SECRETS_FILE].filter((file) => existsSync(join(dir, file)));
  for (const file of files) await copyFile(join(dir, file), join(to, file));
  try {
    const root: RawRoot = open({ path: source, readOnly: true, maxDbs: 32, encoding: 'binary', keyEncoding: 'binary' });
    try {
      await root.backup(join(to, DATA_FILE), true);
    } finally {
      await root.close();
    }
  } catch (cause) {
    throw new GatewayError('JOURNAL_FAILED', `The journal in ${dir} cannot be copied.`, { cause });
  }
  for (const file of [...files, DATA_FILE]) await chmod(join(to, file), 0o600);
  return [...files, DATA_FILE];
}
