import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { canReach, type SystemUser } from './system-user.js';

/** Postgres' port only names the socket file. */
export const PORT = 5432;
/** A socket's path may have 107 bytes on Linux, 103 on macOS. */
const SOCKET_PATH_MAX = 100;

/** Where the cluster lies: in the data directory, or, as root, where Postgres' user can get to. */
export async function clusterDir(dataDir: string, user: SystemUser | null): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const base = await realpath(dataDir);
  if (user === null || (await canReach(dirname(base), user))) return join(base, 'postgres');
  // Below /root, say. The name keeps the clusters of two data directories apart.
  const elsewhere = `/var/lib/sentinela/${createHash('sha256').update(base).digest('hex').slice(0, 16)}`;
  await mkdir(elsewhere, { recursive: true, mode: 0o711 });
  await chmod('/var/lib/sentinela', 0o711);
  return join(elsewhere, 'postgres');
}

/** Trust authentication is safe because only Postgres' own user and root can enter the socket's directory. */
export async function socketDirFor(dir: string, user: SystemUser | null): Promise<string> {
  if (Buffer.byteLength(join(dir, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_MAX) return dir;
  const made = await mkdtemp(join(tmpdir(), 'sentinela-'));
  if (user) await chown(made, user.uid, user.gid);
  return made;
}
