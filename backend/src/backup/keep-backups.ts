import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import { makeBackup, type BackupOptions } from './make-backup.js';

const NAME = /^sentinela-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)\.tar\.gz$/;
interface BackupsDeps extends Omit<BackupOptions, 'to'> {
  /** BACKUP_DIR. */
  folder: string;
  /** BACKUP_KEEP. */
  keep: number;
  clock: Clock;
}

/** The backups that the gateway makes of itself, as `npm run backup` would: one file each, named by its time. */
export class KeptBackups {
  constructor(private readonly deps: BackupsDeps) {}

  /** When the newest was made; null = there is none. */
  lastAt(): number | null {
    let names: string[];
    try {
      names = readdirSync(this.deps.folder);
    } catch {
      // Not made yet, or unreachable: the first try says so.
      return null;
    }
    const times = names.flatMap((name) => timeOf(name) ?? []);
    return times.length === 0 ? null : Math.max(...times);
  }

  async make(): Promise<boolean> {
    const { folder, clock } = this.deps;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#assertOutside();
    const name = new Date(clock.now()).toISOString().replace(/:/g, '-').replace(/\.\d+/, '');
    const to = join(folder, `sentinela-${name}.tar.gz`);
    await makeBackup({ ...this.deps, to });
    return true;
  }

  /** Only what has a name of ours: the folder may hold other things. */
  async removeOld(): Promise<void> {
    const { folder, keep } = this.deps;
    const names = await readdir(folder);
    const old = names
      .filter((name) => timeOf(name) !== null)
      .sort()
      .reverse()
      .slice(keep);
    for (const name of old) await rm(join(folder, name), { recursive: true, force: true });
  }

  /** A link may lead where the settings do not show it. */
  async #assertOutside(): Promise<void> {
    const [folder, dataDir] = await Promise.all([realpath(this.deps.folder), realpath(this.deps.dataDir)]);
    if (!`${folder}${sep}`.startsWith(`${dataDir}${sep}`)) return;
    throw new GatewayError('BAD_CONFIGURATION', `BACKUP_DIR (${folder}) must not be in DATA_DIR (${dataDir}).`);
  }
}

function timeOf(name: string): number | null {
  const text = NAME.exec(name)?.[1];
  if (text === undefined) return null;
  const at = Date.parse(text.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));
  return Number.isNaN(at) ? null : at;
}
