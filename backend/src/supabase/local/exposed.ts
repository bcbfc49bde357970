import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listMigrations, MIGRATIONS_DIR } from '../migrations.js';

/** Names in `public` that `/rest/v1` serves. */
export interface ExposedNames {
  tables: ReadonlySet<string>;
  functions: ReadonlySet<string>;
}

/**
 * The tables and functions that our migrations make, and no others: an own Postgres may have much more in `public`
 * (tables of other programs, functions of extensions), which nobody meant to serve.
 */
export async function exposedNames(dir: string = MIGRATIONS_DIR): Promise<ExposedNames> {
  const files = await listMigrations(dir);
  const texts = await Promise.all(files.map(({ file }) => readFile(join(dir, file), 'utf8')));
  const made = (kind: string) =>
    texts.flatMap((text) => [...text.matchAll(new RegExp(`^create ${kind} public\\.(\\w+)`, 'gim'))].map(nameOf));
  return {
    tables: new Set([...made('(?:table|view)(?: if not exists)?'), ...made('or replace view')]),
    functions: new Set(made('(?:or replace )?function')),
  };
}

const nameOf = (match: RegExpMatchArray): string => match[1] ?? '';
