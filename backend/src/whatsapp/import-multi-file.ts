import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuthenticationCreds, BufferJSON } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { KeyMutations } from '../journal/records.js';
import { GatewayError } from '../lib/errors.js';
import { plainCreds } from './plain-creds.js';

export interface ImportResult {
  /** Keys taken over, per type. */
  imported: Record<string, number>;
  /** Files that hold no key: truncated JSON (Baileys would read it as absent, too) or a name that says no known type. */
  skipped: string[];
}

/**
 * How `useMultiFileAuthState` names files is not reversible as such (`/` → `__`, `:` → `-`, both of which ids may contain
 * themselves); per type it is, since the ids of a type have a known form. Longer type names come first.
 */
const ID_OF_FILE: readonly { type: string; idOf: (name: string) => string }[] = [
  { type: 'sender-key-memory', idOf: asIs },
  // `<group>::<user>::<device>`; only an old group's id has a hyphen of its own, before its @.
  { type: 'sender-key', idOf: (name) => name.replace(/^([^@]*@[^-@]*)--(.+)--(\d+)$/, '$1::$2::$3') },
  // Base64, whose alphabet has no underscore.
  { type: 'app-state-sync-key', idOf: (name) => name.replaceAll('__', '/') },
  { type: 'app-state-sync-version', idOf: asIs },
  { type: 'lid-mapping', idOf: asIs },
  { type: 'device-list', idOf: asIs },
  { type: 'identity-key', idOf: asIs },
  { type: 'pre-key', idOf: asIs },
  { type: 'session', idOf: asIs },
  // A JID, perhaps with a device (`123:4@lid`), or the index, whose name is `__index` in the store as well.
  { type: 'tctoken', idOf: (name) => name.replace(/^(\d+)-(\d+@)/, '$1:$2') },
];

/**
 * Takes a folder of Baileys' `useMultiFileAuthState` over into the journal, in one commit: a number that was paired with
 * another program goes on here without a new QR code. The folder is left as it is; do not let the other program use it again.
 * @throws GatewayError `ALREADY_PAIRED` when the connection has credentials of a paired number and `force` is not set;
 *   `BAD_REQUEST` when creds.json is missing, truncated or not Baileys' (nothing is imported then)
 */
export async function importMultiFile(o: {
  journal: Journal;
  connectionId: string;
  folder: string;
  force?: boolean;
}): Promise<ImportResult> {
  const present = o.journal.auth.creds(o.connectionId) as AuthenticationCreds | null;
  if (present?.me && !o.force) throw new GatewayError('ALREADY_PAIRED');
  const creds = await readCreds(o.folder);
  const { mutations, skipped } = await readKeys(o.folder);
  await o.journal.auth.replace(o.connectionId, { creds: plainCreds(creds), mutations });
  const counts = Object.entries(mutations).map(([type, values]) => [type, Object.keys(values).length]);
  return { imported: Object.fromEntries(counts) as Record<string, number>, skipped };
}

async function readCreds(folder: string): Promise<AuthenticationCreds> {
  const path = join(folder, 'creds.json');
  let creds: unknown;
  try {
    creds = await readJson(path);
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'is truncated or damaged' : 'cannot be read';
    throw new GatewayError('BAD_REQUEST', `${path} ${why}: without it the session cannot be taken over.`, { cause });
  }
  if (!isCreds(creds)) throw new GatewayError('BAD_REQUEST', `${path} does not hold the credentials of Baileys.`);
  return creds;
}

async function readKeys(folder: string): Promise<{ mutations: KeyMutations; skipped: string[] }> {
  const mutations: KeyMutations = {};
  const skipped: string[] = [];
  for (const file of await readdir(folder)) {
    if (file === 'creds.json' || !file.endsWith('.json')) continue;
    const address = addressOf(file.slice(0, -'.json'.length));
    const value = address === null ? null : await readKey(join(folder, file));
    if (address === null || value === null) skipped.push(file);
    else (mutations[address.type] ??= {})[address.id] = value;
  }
  return { mutations, skipped };
}

function addressOf(name: string): { type: string; id: string } | null {
  const row = ID_OF_FILE.find(({ type }) => name.startsWith(`${type}-`));
  return row === undefined ? null : { type: row.type, id: row.idOf(name.slice(row.type.length + 1)) };
}

async function readKey(path: string): Promise<unknown> {
  try {
    return await readJson(path);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw new GatewayError('BAD_REQUEST', `${path} cannot be read.`, { cause: error });
  }
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'), BufferJSON.reviver) as unknown;
}

function isCreds(value: unknown): value is AuthenticationCreds {
  if (typeof value !== 'object' || value === null) return false;
  const { noiseKey, signedIdentityKey, signedPreKey, registrationId } = value as Partial<AuthenticationCreds>;
  const pairs = [noiseKey, signedIdentityKey, signedPreKey?.keyPair];
  return typeof registrationId === 'number' && pairs.every((pair) => isBytes(pair?.private) && isBytes(pair?.public));
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array && value.length > 0;
}

function asIs(name: string): string {
  return name;
}
