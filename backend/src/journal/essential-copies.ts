import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of the data directory with the copies of what matters most: one folder a copy, named by its time. */
export const ESSENTIALS_FOLDER = 'essentials';

const COPY_NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/;

/** The name of a copy that is made at this time; names sort by time. */
export function essentialCopyName(at: number): string {
  return new Date(at).toISOString().replace(/[:.]/g, '-');
}

/** Paths of the copies in a data directory, the newest first; whether they are whole shows when they are read. */
export function listEssentialCopies(dataDir: string): string[] {
  const folder = join(dataDir, ESSENTIALS_FOLDER);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // None was made yet, or the folder cannot be read: nothing to offer either way.
    return [];
  }
  const copies = names.filter((name) => COPY_NAME.test(name)).sort();
  return copies.reverse().map((name) => join(folder, name));
}
