import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { GatewayError } from '../lib/errors.js';
import type { ByteRange, MediaStore } from './media-store.js';

/** The media store of an own or embedded Postgres: a folder of the data directory, readable by the gateway's user alone. */
export class DiskStore implements MediaStore {
  /** @param dir created (0700) with the first file */
  constructor(private readonly dir: string) {}

  async put(path: string, file: string): Promise<void> {
    const target = this.#pathOf(path);
    const fresh = `${target}.${randomUUID()}.new`;
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      // A second name for the same bytes costs nothing; across file systems it has to be a copy.
      await link(file, fresh).catch(() => copyFile(file, fresh));
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
    return createReadStream(target, range);
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
