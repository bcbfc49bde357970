import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from '../supabase/local/postmaster.js';

/** `….partial-<pid>-<random>`, beside what a backup is to become. */
const PARTIAL = /\.partial-(\d+)-[A-Za-z0-9]{6}(\.tar\.gz)?$/;
/** Those of this process that are being filled. */
const underWay = new Set<string>();

/**
 * Makes the folder in which a backup grows, and removes those of backups that were killed, whatever their names were to be.
 * @returns its path; `leavePartial` when the backup has ended
 */
export async function enterPartial(to: string): Promise<string> {
  await removeAbandoned(dirname(to));
  const folder = await mkdtemp(`${to}.partial-${process.pid}-`);
  underWay.add(basename(folder));
  return folder;
}

/** Removes it, with the archive that was made of it. */
export async function leavePartial(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await rm(`${folder}.tar.gz`, { force: true });
  underWay.delete(basename(folder));
}

/** A process id may be another program's by now: then the folder stays until that has ended. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(PARTIAL.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid)) continue;
    const isInUse = pid === process.pid ? underWay.has(name.replace(/\.tar\.gz$/, '')) : isAlive(pid);
    if (!isInUse) await rm(join(parent, name), { recursive: true, force: true });
  }
}
