import { execFile } from 'node:child_process';
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { GatewayError } from '../../lib/errors.js';
import type { PostgresBinaries } from './binaries.js';
import type { SystemUser } from './system-user.js';

const run = promisify(execFile);
const MAJOR = '18';

/**
 * initdb into a directory beside it, then rename: a cluster is there whole or not at all. Does nothing when it is there.
 * @throws GatewayError `BAD_CONFIGURATION` (made by another major version), `DATABASE_UNAVAILABLE` (initdb failed)
 */
export async function createCluster(dir: string, binaries: PostgresBinaries, user: SystemUser | null): Promise<void> {
  const version = await readFile(`${dir}/PG_VERSION`, 'utf8').catch(() => null);
  if (version !== null) {
    if (version.trim() === MAJOR) return;
    throw new GatewayError(
      'BAD_CONFIGURATION',
      `${dir} was made by Postgres ${version.trim()}, this gateway has ${MAJOR}: dump it with that version first.`,
    );
  }
  const fresh = `${dir}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  if (user) await chown(fresh, user.uid, user.gid);
  const flags = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions'];
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  try {
    await run(binaries.initdb, ['-D', fresh, ...flags, ...locale], { ...user, cwd: '/' });
  } catch (cause) {
    throw new GatewayError(
      'DATABASE_UNAVAILABLE',
      'The embedded Postgres could not be created. If libraries are missing, install without --ignore-scripts.',
      { cause },
    );
  }
  await rename(fresh, dir);
}
