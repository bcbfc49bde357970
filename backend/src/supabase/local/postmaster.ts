import { readFile, readlink } from 'node:fs/promises';

/** What `postmaster.pid` says (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*). */
export interface Postmaster {
  pid: number;
  dataDir: string;
  port: number;
  socketDir: string;
  ready: boolean;
}

/** The postmaster that last ran in `dir`, whether or not it is alive; null when it stopped in order. */
export async function readPostmaster(dir: string): Promise<Postmaster | null> {
  let text: string;
  try {
    text = await readFile(`${dir}/postmaster.pid`, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const [pid, dataDir, , port, socketDir, , , status] = text.split('\n');
  const number = Number(pid);
  if (!Number.isSafeInteger(number) || number <= 1) return null;
  return {
    pid: number,
    dataDir: dataDir ?? '',
    port: Number(port),
    socketDir: socketDir ?? '',
    ready: status?.trim() === 'ready',
  };
}

/** True when the process lives and is the one that works in `dir`: process ids are reused, above all in containers. */
export async function isOurs(postmaster: Postmaster, dir: string): Promise<boolean> {
  if (!isAlive(postmaster.pid)) return false;
  try {
    return (await readlink(`/proc/${postmaster.pid}/cwd`)) === dir;
  } catch {
    // No /proc (macOS): the file lies in our directory and names it.
    return postmaster.dataDir === dir;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
