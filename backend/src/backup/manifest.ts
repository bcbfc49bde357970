import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { GatewayError } from '../lib/errors.js';

/** The list of contents of a backup, written last: without it a folder is no backup. */
export const MANIFEST_FILE = 'manifest.json';
/** Keys of the local API; a CRM that uses them goes on after a restore. */
export const KEYS_FILE = 'supabase-keys.json';
/** Where the tables of the embedded database are. */
export const DATABASE_FOLDER = 'database';

const manifestSchema = z.object({
  format: z.literal(1),
  /** ISO 8601. */
  madeAt: z.iso.datetime(),
  /** Of the gateway that made it. */
  version: z.string(),
  files: z.array(
    // A path inside the backup; one that leads out of it is none of ours.
    z.object({
      path: z.string().regex(/^((database|media-out)\/)?[\w-]+(\.[\w-]+)*$/),
      bytes: z.int(),
      sha256: z.string(),
    }),
  ),
  /** null when the rows are in a database of their own. */
  tables: z
    .array(z.object({ table: z.string(), columns: z.array(z.string()), file: z.string().regex(/^\w+\.copy$/) }))
    .nullable(),
  /** Set when it is a copy of credentials and keys alone; `digest`: of what it was made from. */
  essentials: z.object({ digest: z.string() }).optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Written last, durably. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const file = await open(join(folder, MANIFEST_FILE), 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a file, or the names in a folder, durable. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Size and SHA-256 of a file of a backup. */
export async function describeFile(folder: string, path: string): Promise<Manifest['files'][number]> {
  const hash = createHash('sha256');
  let bytes = 0;
  const source = createReadStream(join(folder, path));
  source.on('data', (chunk) => (bytes += chunk.length));
  await pipeline(source, hash);
  return { path, bytes, sha256: hash.digest('hex') };
}

/**
 * Reads the list and compares every file with it.
 * @throws GatewayError `BAD_REQUEST` naming what is missing or damaged; nothing was changed then
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await parseManifest(folder);
  for (const file of manifest.files) {
    const found = await describeFile(folder, file.path).catch(() => null);
    if (found?.sha256 === file.sha256) continue;
    const what = found === null ? 'is missing' : 'is damaged';
    throw new GatewayError('BAD_REQUEST', `The backup in ${folder} cannot be used: ${file.path} ${what}.`);
  }
  return manifest;
}

async function parseManifest(folder: string): Promise<Manifest> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST_FILE), 'utf8')));
  } catch (cause) {
    throw new GatewayError('BAD_REQUEST', `${folder} holds no complete backup (${MANIFEST_FILE}).`, { cause });
  }
}
