import { randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../lib/errors.js';
import { AesGcmSealer, plainSealer, type Sealer } from './sealing.js';

/** Salt and check value of SESSION_ENCRYPTION_KEY; without this file an encrypted journal cannot be read any more. */
export const KEY_FILE = 'journal.key.json';

const keyFileSchema = z.object({
  version: z.literal(1),
  kdf: z.literal('scrypt'),
  cost: z.int().positive(),
  blockSize: z.int().positive(),
  parallelization: z.int().positive(),
  salt: z.base64(),
  check: z.base64(),
});
type KeyFile = z.infer<typeof keyFileSchema>;

/** RFC 7914's interactive parameters: 32 MiB and about 0.1 s, once per start. */
const SCRYPT = { cost: 32768, blockSize: 8, parallelization: 1 };
const DERIVED_BYTES = { value: 32, id: 32, check: 32 };

/** How this journal's values are sealed, and the check value that the data file repeats (null = not sealed). */
export interface JournalSeal {
  sealer: Sealer;
  check: string | null;
}

/**
 * Compares the key with the side file before anything else is opened; a new journal gets its side file here.
 * @param journalExists whether the data file is there already
 * @throws GatewayError `JOURNAL_KEY_MISMATCH` for a wrong key, a missing key, or a key on a plain journal
 */
export async function unlockKeyFile(dir: string, key: string | null, journalExists: boolean): Promise<JournalSeal> {
  const file = await readKeyFile(dir);
  if (key === null) {
    if (file !== null) throw mismatch(dir, 'is encrypted. Set SESSION_ENCRYPTION_KEY to the key it was written with');
    return { sealer: plainSealer, check: null };
  }
  if (file === null && journalExists) {
    const fix = `Unset SESSION_ENCRYPTION_KEY to use it as it is, restore ${KEY_FILE} from a backup if it was encrypted, or start with an empty data directory`;
    throw mismatch(dir, `has no ${KEY_FILE}: it was written without encryption. ${fix}`);
  }
  return file === null ? createKeyFile(dir, key) : checkKey(dir, key, file);
}

/** The data file and the side file must speak of the same key. @throws JOURNAL_KEY_MISMATCH */
export function assertSameSeal(dir: string, seal: JournalSeal, checkInJournal: string | null): void {
  if (seal.check === checkInJournal) return;
  throw mismatch(dir, `does not belong to the ${KEY_FILE} beside it. Restore both from the same backup`);
}

async function checkKey(dir: string, key: string, file: KeyFile): Promise<JournalSeal> {
  const derived = await derive(key, Buffer.from(file.salt, 'base64'), file);
  if (!timingSafeEqual(derived.check, Buffer.from(file.check, 'base64'))) {
    throw mismatch(dir, 'was encrypted with another key. Set SESSION_ENCRYPTION_KEY to that key');
  }
  return { sealer: new AesGcmSealer(derived.value, derived.id), check: file.check };
}

async function createKeyFile(dir: string, key: string): Promise<JournalSeal> {
  const salt = randomBytes(16);
  const derived = await derive(key, salt, SCRYPT);
  const check = derived.check.toString('base64');
  await writeDurably(dir, { version: 1, kdf: 'scrypt', ...SCRYPT, salt: salt.toString('base64'), check });
  return { sealer: new AesGcmSealer(derived.value, derived.id), check };
}

async function readKeyFile(dir: string): Promise<KeyFile | null> {
  const path = join(dir, KEY_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new GatewayError('JOURNAL_FAILED', `${path} cannot be read.`, { cause: error });
  }
  try {
    return keyFileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new GatewayError('JOURNAL_KEY_MISMATCH', `${path} is damaged. Restore it from a backup.`, { cause: error });
  }
}

/** On the disk before the first value is sealed: a crash in between must not leave values whose salt is lost. */
async function writeDurably(dir: string, content: KeyFile): Promise<void> {
  const path = join(dir, KEY_FILE);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function derive(
  key: string,
  salt: Buffer,
  cost: typeof SCRYPT,
): Promise<Record<'value' | 'id' | 'check', Buffer>> {
  const { value, id, check } = DERIVED_BYTES;
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.cost * cost.blockSize };
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    scrypt(key, salt, value + id + check, options, (error, derived) => (error ? reject(error) : resolve(derived)));
  });
  return {
    value: bytes.subarray(0, value),
    id: bytes.subarray(value, value + id),
    check: bytes.subarray(value + id),
  };
}

function mismatch(dir: string, why: string): GatewayError {
  return new GatewayError('JOURNAL_KEY_MISMATCH', `The journal in ${dir} ${why}.`, { details: { dir } });
}
