import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Removes the files of one folder that were last written more than `ageMs` ago, but those that are still needed.
 * @returns how many; none when there is no such folder
 */
export async function removeOld(
  dir: string,
  ageMs: number,
  isNeeded: (name: string) => boolean = () => false,
): Promise<number> {
  let removed = 0;
  for (const name of await readdir(dir).catch(noFolder)) {
    const found = await stat(join(dir, name)).catch(() => null);
    if (!found?.isFile() || Date.now() - found.mtimeMs < ageMs || isNeeded(name)) continue;
    await rm(join(dir, name), { force: true });
    removed += 1;
  }
  return removed;
}

function noFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
