import { execFile } from 'node:child_process';
import { chmod, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whom Postgres runs as. */
export interface SystemUser {
  uid: number;
  gid: number;
}

const CANDIDATES = ['postgres', 'sentinela'];

/** Postgres refuses to run as root. As root: the user `postgres` or `sentinela`, made when there is none; else null (ourselves). */
export async function postgresUser(): Promise<SystemUser | null> {
  if (process.getuid?.() !== 0) return null;
  const found = await findUser();
  if (found) return found;
  await run('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'sentinela']);
  const made = await findUser();
  if (!made) throw new Error('could not create the system user sentinela for Postgres');
  return made;
}

async function findUser(): Promise<SystemUser | null> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of CANDIDATES) {
    const line = lines.find(([user]) => user === name);
    if (line) return { uid: Number(line[2]), gid: Number(line[3]) };
  }
  return null;
}

/** True when `user` may walk through `dir` and everything above it. */
export async function canReach(dir: string, user: SystemUser): Promise<boolean> {
  for (let at = dir; ; at = dirname(at)) {
    const { uid, gid, mode } = await stat(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * Lets other users walk through `dir`, not list it. It must stay so while Postgres runs: every checkpoint opens
 * `global/pg_control` by its absolute path (xlog.c, UpdateControlFile) and panics when it cannot.
 */
export async function keepTraversable(dir: string): Promise<void> {
  const { mode } = await stat(dir);
  if ((mode & 0o011) !== 0o011) await chmod(dir, (mode & 0o777) | 0o011);
}
