import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../lib/errors.js';

/** Keys of the Supabase-compatible API on this machine. */
export interface LocalKeys {
  /** Sees everything: the gateway's own. */
  serviceRoleKey: string;
  /** With a user's JWT beside it: that user's rows. Alone: nothing. */
  anonKey: string;
  /** HS256 secret of users' JWTs. */
  jwtSecret: string;
}

/**
 * The keys to use: those of the settings; what is unset is made once and kept in `<dataDir>/supabase-keys.json` (0600),
 * so that a CRM that was given them keeps working across restarts.
 */
export async function localKeys(
  dataDir: string,
  given: { [K in keyof LocalKeys]?: string | null },
): Promise<LocalKeys> {
  const made: LocalKeys = {
    serviceRoleKey: `sb_secret_${randomBytes(24).toString('base64url')}`,
    anonKey: `sb_publishable_${randomBytes(24).toString('base64url')}`,
    jwtSecret: randomBytes(32).toString('base64url'),
  };
  const kept = await readKept(join(dataDir, 'supabase-keys.json'));
  const keys = { ...made, ...kept };
  if (Object.keys(made).some((name) => kept[name as keyof LocalKeys] === undefined)) await keep(dataDir, keys);
  return {
    serviceRoleKey: given.serviceRoleKey ?? keys.serviceRoleKey,
    anonKey: given.anonKey ?? keys.anonKey,
    jwtSecret: given.jwtSecret ?? keys.jwtSecret,
  };
}

async function readKept(file: string): Promise<Partial<LocalKeys>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text) as Partial<LocalKeys>;
  } catch (cause) {
    throw new GatewayError('BAD_CONFIGURATION', `${file} is damaged: delete it, and new keys are made.`, { cause });
  }
}

async function keep(dataDir: string, keys: LocalKeys): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'supabase-keys.json');
  await writeFile(`${file}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
}
