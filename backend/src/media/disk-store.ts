import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { GatewayError } from '../lib/errors.js';
import { FileVault } from './file-vault.js';
import type { ByteRange, MediaStore } from './media-store.js';
import { removeOld } from './remove-old.js';

/** The media store of an own or embedded Postgres: a folder of the data directory, readable by the gateway's user alone. */
export class DiskStore implements MediaStore {
  readonly #vault: FileVault | null;

  /**
   * @param dir created (0700) with the first file
   * @param secret SESSION_ENCRYPTION_KEY, with which files are sealed; null = they lie open
   */
  constructor(
    private readonly dir: string,
    secret: string | null,
  ) {
    this.#vault = secret === null ? null : new FileVault(secret);
  }

  async put(path: string, file: string): Promise<void> {
    const target = this.#pathOf(path);
    const fresh = join(this.#unfinished, randomUUID());
    try {
      await mkdir(this.#unfinished, { recursive: true, mode: 0o700 });
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      if (this.#vault) await this.#vault.seal(file, fresh, normalize(path));
      // A second name for the same bytes costs nothing; across file systems it has to be a copy.
      else await link(file, fresh).catch(() => copyFile(file, fresh));
      await rename(fresh, target);
      await flush(target);
      await flush(dirname(target));
    } catch (cause) {
      await rm(fresh, { force: true });
      throw new GatewayError('MEDIA_STORE_FAILED', undefined, { cause });
    }
  }

  async open(path: string, range?: ByteRange): Promise<Readable> {
    const target = this.#pathOf(path);
    const found = await stat(target).catch(() => null);
    if (!found?.isFile()) throw new GatewayError('MEDIA_NOT_FOUND');
    return this.#vault ? this.#vault.open(target, normalize(path), range) : createReadStream(target, range);
  }

  /** Removes what a crash has left of files older than `ageMs`; whole ones are never touched. @returns how many */
  sweep(ageMs: number): Promise<number> {
    return removeOld(this.#unfinished, ageMs);
  }

  /** Beside the owners' folders, whose names are UUIDs: one place to look for what was not finished. */
  get #unfinished(): string {
    return join(this.dir, '.unfinished');
  }

  #pathOf(path: string): string {
    const target = normalize(join(this.dir, path));
    // The path comes out of a row, which other programs may write.
    if (!target.startsWith(normalize(this.dir) + sep)) throw new GatewayError('MEDIA_NOT_FOUND');
    return target;
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
