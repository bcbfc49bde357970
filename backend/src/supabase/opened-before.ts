import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Is there from the first start until a database was open once. */
const FILE = 'database.unopened';
const JOURNAL_FILE = 'journal.lmdb';

/** Whether a data directory has ever had a database open: one that has goes on receiving without it. */
export class OpenedBefore {
  readonly #file: string;
  readonly #isNew: boolean;

  /** To be made before the journal is: a directory without one is new. */
  constructor(private readonly dataDir: string) {
    this.#file = join(dataDir, FILE);
    this.#isNew = existsSync(this.#file) || !existsSync(join(dataDir, JOURNAL_FILE));
  }

  get isKnown(): boolean {
    return !this.#isNew || (this.#marked && !existsSync(this.#file));
  }

  #marked = false;

  async mark(): Promise<void> {
    if (!this.#isNew || this.#marked) return;
    this.#marked = true;
    await mkdir(this.dataDir, { recursive: true, mode: 0o700 });
    await writeFile(this.#file, 'No database was open for this data directory yet.\n', { mode: 0o600 });
  }

  async opened(): Promise<void> {
    if (this.#isNew) await rm(this.#file, { force: true });
  }
}
