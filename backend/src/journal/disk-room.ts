import { statfsSync } from 'node:fs';
import type { Write } from './tables.js';

/**
 * LMDB must not meet a full disk: it writes 100 bytes and more about a refused `pwrite` into a buffer of 100 (lmdb 3.5.6,
 * `mdb_page_flush`: `malloc(100)`, `sprintf` of three lengths of which two are garbage), and the process dies of it, at once or
 * later, elsewhere. So what would not fit is refused before LMDB hears of it.
 */
const LEAST_LEFT_BYTES = 1 << 20;
/** LMDB copies the pages it changes: a leaf, and a share of what leads to it. */
const PAGES_A_WRITE_BYTES = 8 << 10;
/** So long one look at the disk counts; nobody else fills a megabyte meanwhile. */
const FRESH_MS = 5;

/** Room on the disk of a directory, with what is taken and not written yet. */
export class DiskRoom {
  #freeBytes = 0;
  #readAt = -Infinity;
  #takenBytes = 0;

  constructor(private readonly dir: string) {}

  /**
   * Before the writes are handed to LMDB.
   * @returns gives it back: they are on the disk (or never will be)
   * @throws Error `ENOSPC`
   */
  take(writes: readonly Write[]): () => void {
    const bytes = writes.reduce((sum, { value }) => sum + PAGES_A_WRITE_BYTES + (value?.length ?? 0), 0);
    if (performance.now() - this.#readAt > FRESH_MS) this.#look();
    if (this.#freeBytes - this.#takenBytes - bytes < LEAST_LEFT_BYTES) {
      throw Object.assign(new Error('No space left on the disk of the data directory'), { code: 'ENOSPC' });
    }
    this.#takenBytes += bytes;
    return () => void (this.#takenBytes -= bytes);
  }

  #look(): void {
    const { bavail, bsize } = statfsSync(this.dir);
    this.#freeBytes = bavail * bsize;
    this.#readAt = performance.now();
  }
}
