import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ESSENTIALS_FOLDER, essentialCopyName, listEssentialCopies } from '../journal/essential-copies.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import { describeFile, KEYS_FILE, type Manifest, readManifest, syncPath, writeManifest } from './manifest.js';

const KEPT = 3;
const PARTIAL = '.partial';

interface EssentialsDeps {
  journal: Pick<Journal, 'copyEssentials'>;
  dataDir: string;
  version: string;
  clock: Clock;
}

/**
 * The copies of credentials and keys in the data directory. Each is a backup of its own kind, which `npm run restore`
 * reads: under its name it is whole, or not there.
 */
export class EssentialCopies {
  #digest: string | null | undefined;

  constructor(private readonly deps: EssentialsDeps) {}

  /** When the newest was made; null = there is none. */
  lastAt(): number | null {
    const [newest] = listEssentialCopies(this.deps.dataDir);
    if (newest === undefined) return null;
    const at = Date.parse(newest.slice(-24).replace(/T(\d\d)-(\d\d)-(\d\d)-/, 'T$1:$2:$3.'));
    return Number.isNaN(at) ? null : at;
  }

  /** @returns false when nothing has changed since the newest one, or there is nothing to copy */
  async make(signal: AbortSignal): Promise<boolean> {
    const { dataDir, journal, version, clock } = this.deps;
    this.#digest ??= await this.#digestOfNewest();
    const name = essentialCopyName(clock.now());
    const [partial, whole] = [join(dataDir, ESSENTIALS_FOLDER, name + PARTIAL), join(dataDir, ESSENTIALS_FOLDER, name)];
    try {
      const folder = async () => (await mkdir(partial, { recursive: true, mode: 0o700 }), partial);
      const copied = await journal.copyEssentials({ unless: this.#digest, folder, signal });
      if (copied === null) return false;
      const { digest, files } = copied;
      if (existsSync(join(dataDir, KEYS_FILE))) {
        await copyFile(join(dataDir, KEYS_FILE), join(partial, KEYS_FILE));
        files.push(KEYS_FILE);
      }
      const described = await Promise.all(files.map((file) => describeFile(partial, file)));
      const head = { format: 1, madeAt: new Date(clock.now()).toISOString(), version } as const;
      const manifest: Manifest = { ...head, files: described, tables: null, essentials: { digest } };
      await writeManifest(partial, manifest);
      await syncPath(partial);
      await rename(partial, whole);
      await syncPath(join(dataDir, ESSENTIALS_FOLDER));
      this.#digest = digest;
      return true;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  /** All but the newest few, and what a process that was killed has left. */
  async removeOld(): Promise<void> {
    const folder = join(this.deps.dataDir, ESSENTIALS_FOLDER);
    const left = (await readdir(folder)).filter((name) => name.endsWith(PARTIAL)).map((name) => join(folder, name));
    for (const old of [...listEssentialCopies(this.deps.dataDir).slice(KEPT), ...left]) {
      await rm(old, { recursive: true, force: true });
    }
  }

  /** One that is damaged counts as none: a new one is made. */
  async #digestOfNewest(): Promise<string | null> {
    const [newest] = listEssentialCopies(this.deps.dataDir);
    if (newest === undefined) return null;
    const manifest = await readManifest(newest).catch(() => null);
    return manifest?.essentials?.digest ?? null;
  }
}
