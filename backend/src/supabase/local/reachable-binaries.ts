import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PostgresBinaries } from './binaries.js';
import { canReach, type SystemUser } from './system-user.js';

const HOME = '/var/lib/sentinela';

/**
 * Postgres' programs where its user can run them. As root the package may lie below a folder that only root may enter
 * (`/root`, a private temporary folder): then they are copied once, 60 MB, under a name that changes with their place.
 * @param user null = Postgres runs as ourselves, and every place will do
 */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  user: SystemUser | null,
): Promise<PostgresBinaries> {
  const bin = dirname(binaries.postgres);
  if (user === null || (await canReach(bin, user))) return binaries;
  const target = join(HOME, `programs-${createHash('sha256').update(bin).digest('hex').slice(0, 16)}`);
  if (!existsSync(target)) await copyWhole(dirname(bin), target);
  return { postgres: join(target, 'bin', 'postgres'), initdb: join(target, 'bin', 'initdb') };
}

/** Under its final name only when it is complete: a crash in between leaves nothing that looks finished. */
async function copyWhole(source: string, target: string): Promise<void> {
  await mkdir(HOME, { recursive: true, mode: 0o711 });
  await chmod(HOME, 0o711);
  const fresh = `${target}.${randomUUID()}`;
  await cp(source, fresh, { recursive: true, verbatimSymlinks: true });
  await chmod(fresh, 0o755);
  try {
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    // Another gateway was faster.
    if (!existsSync(target)) throw error;
  }
}
