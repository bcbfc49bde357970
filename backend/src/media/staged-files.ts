import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeOld } from './remove-old.js';

const NAME = /^[A-Za-z0-9-]{1,64}$/;

/**
 * Files of the gateway's own, for as long as work on them lasts: `in` holds what is being fetched, `out` what was accepted
 * for sending. A name is chosen by us and never a path.
 */
export class StagedFiles {
  constructor(private readonly dir: string) {}

  /** Creates the folder (0700). */
  async open(): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
  }

  /** The path of the file with that name, whether or not it exists. */
  path(name: string): string {
    if (!NAME.test(name)) throw new TypeError('a staged file has a name of letters, digits and hyphens');
    return join(this.dir, name);
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { force: true });
  }

  /** Removes files older than `ageMs` that `isNeeded` does not know: what a crash has left. @returns how many */
  sweep(ageMs: number, isNeeded: (name: string) => boolean): Promise<number> {
    return removeOld(this.dir, ageMs, isNeeded);
  }
}
