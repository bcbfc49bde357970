import { spawn } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, isOurs } from './postmaster.js';
import type { SystemUser } from './system-user.js';

/** How long a cluster outlives a gateway that was killed and does not come back; so long one that comes back finds it running. */
export const ORPHAN_MS = 600_000;
/** Changes while a gateway is there: whichever one, so that a new one needs to know nothing of the old one's watcher. */
const LEASE_FILE = 'sentinela.lease';
const WATCHER_FILE = 'sentinela.watcher';
const LOOK_S = 5;
/** It needs nothing of ours, least of all the keys. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin' };

/**
 * `$1` postmaster, `$2` seconds between two looks, `$3` looks without a change after which it is an orphan. Looks are
 * counted, not hours compared: a machine that slept has not been without its gateway. A folder that was removed, with
 * `postmaster.pid` in it, has lost its gateway as well.
 */
const SCRIPT = `
last= idle=0
while kill -0 "$1" 2>/dev/null; do
  sleep "$2" || exit
  { read -r pid < postmaster.pid; } 2>/dev/null || pid=
  [ -n "$pid" ] && [ "$pid" != "$1" ] && exit
  { read -r now < ${LEASE_FILE}; } 2>/dev/null || now=gone
  if [ -n "$pid" ] && [ "$now" != "$last" ]; then last=$now idle=0; else idle=$((idle + 1)); fi
  [ "$idle" -ge "$3" ] && { kill -INT "$1"; exit; }
done`;

/** The place of one cluster, and whom its processes run as. */
interface Watched {
  dir: string;
  postmaster: number;
  user: SystemUser | null;
  orphanMs: number;
}

/**
 * Starts a process of its own (a shell, 1 MB) that ends the cluster when no gateway has renewed its lease for `orphanMs`:
 * nobody else is left after a SIGKILL. Does nothing where one is at work.
 */
export async function watchForOrphan({ dir, postmaster, user, orphanMs }: Watched): Promise<void> {
  if (process.platform === 'win32' || (await watcherOf(dir)) !== null) return;
  await renewLease(dir);
  // The umask may have kept it from the user that Postgres runs as.
  await chmod(join(dir, LEASE_FILE), 0o644);
  const lookS = Math.max(1, Math.min(LOOK_S, Math.floor(orphanMs / 2000)));
  const looks = Math.max(1, Math.round(orphanMs / 1000 / lookS));
  const args = ['-c', SCRIPT, 'sentinela-orphan-watch', `${postmaster}`, `${lookS}`, `${looks}`];
  // A process group of its own, for it and its `sleep`: no Ctrl-C reaches it.
  const watcher = spawn('/bin/sh', args, { ...user, cwd: dir, stdio: 'ignore', detached: true, env: ENVIRONMENT });
  // Without a shell there is no watcher, and all else goes on.
  watcher.once('error', () => undefined);
  watcher.unref();
  if (watcher.pid !== undefined) await writeFile(join(dir, WATCHER_FILE), `${watcher.pid}\n`);
}

/** Says that a gateway is there. */
export async function renewLease(dir: string): Promise<void> {
  await writeFile(join(dir, LEASE_FILE), `${process.pid} ${Date.now()}\n`);
}

/** Ends the watcher, with the cluster that it watches. */
export async function endWatcher(dir: string): Promise<void> {
  const pid = await watcherOf(dir);
  if (pid === null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function watcherOf(dir: string): Promise<number | null> {
  const pid = Number(await readFile(join(dir, WATCHER_FILE), 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return null;
  return (await isOurs({ pid, dataDir: dir, port: 0, socketDir: '', ready: true }, dir)) ? pid : null;
}
