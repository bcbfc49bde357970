import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the data directory keeps the files of messages that are still to be sent; the same name in a backup. */
export const OUTGOING_FOLDER = 'media-out';

/**
 * Copies the files that sends and scheduled messages wait with: without them these would fail after a restore. To be called
 * before the journal is copied (what it names may be sent, and removed, meanwhile) and again after it (what has come, or was
 * not complete yet). A file is written once, from its beginning to its end: one of the same size is the same.
 */
export async function copyOutgoing(dataDir: string, folder: string): Promise<void> {
  const [from, to] = [join(dataDir, OUTGOING_FOLDER), join(folder, OUTGOING_FOLDER)];
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of await listOutgoing(dataDir)) {
    const [found, copied] = await Promise.all([sizeOf(join(from, name)), sizeOf(join(to, name))]);
    if (found === copied) continue;
    await copyFile(join(from, name), join(to, name)).catch(ignoreGone);
  }
}

/** Names of the files; none when there is no such folder. */
export async function listOutgoing(dir: string): Promise<string[]> {
  const entries = await readdir(join(dir, OUTGOING_FOLDER), { withFileTypes: true }).catch(ignoreGone);
  return (entries ?? []).filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function sizeOf(path: string): Promise<number | null> {
  return (await stat(path).catch(ignoreGone))?.size ?? null;
}

function ignoreGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
