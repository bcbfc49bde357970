import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of package.json, with a slash at its end: whether this runs from `src` or from a chunk of `dist`, and wherever
 * the command was typed.
 */
export const PACKAGE_DIR = join(above(dirname(fileURLToPath(import.meta.url))), '/');

function above(dir: string): string {
  if (existsSync(join(dir, 'package.json'))) return dir;
  if (dir === dirname(dir)) throw new Error('There is no package.json above the program.');
  return above(dirname(dir));
}
