import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GatewayError } from '../lib/errors.js';

const run = promisify(execFile);

/** Whether a path names an archive rather than a folder. */
export function isArchive(path: string): boolean {
  return /\.(tar\.gz|tgz)$/.test(path);
}

/** Packs what is in `folder` into one file of mode 0600, by the system's `tar`. */
export async function packFolder(folder: string, file: string): Promise<void> {
  await run('sh', ['-c', 'umask 077 && tar -czf "$1" -C "$2" .', 'sh', file, folder]);
}

/** Unpacks it; owners and modes of another machine are not taken over. @throws GatewayError `BAD_REQUEST` */
export async function unpackInto(file: string, folder: string): Promise<void> {
  try {
    await run('tar', ['-xzf', file, '-C', folder, '--no-same-owner', '--no-same-permissions']);
  } catch (cause) {
    throw new GatewayError('BAD_REQUEST', `${file} cannot be unpacked: it is no tar.gz, or not whole.`, { cause });
  }
}
