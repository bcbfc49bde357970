import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type postgres from 'postgres';
import { PACKAGE_DIR } from '../lib/package-dir.js';

export const MIGRATIONS_DIR = join(PACKAGE_DIR, 'supabase/migrations');

/** One file of `supabase/migrations`, named `<versao>_<nome>.sql` as the Supabase CLI wants it. */
export interface Migration {
  versao: string;
  nome: string;
  file: string;
}

/** All migrations that this version of the gateway needs, oldest first. */
export async function listMigrations(dir: string = MIGRATIONS_DIR): Promise<Migration[]> {
  const files = (await readdir(dir)).filter((file) => /^\d{14}_\w+\.sql$/.test(file)).sort();
  return files.map((file) => ({ versao: file.slice(0, 14), nome: file.slice(15, -4), file }));
}

/** Which of `migrations` are not among `applied` (the rows of `whatsapp_schema`). */
export function missingMigrations(migrations: Migration[], applied: readonly string[]): Migration[] {
  const have = new Set(applied);
  return migrations.filter((migration) => !have.has(migration.versao));
}

/** What the database says it has; `[]` when it has never seen a migration. */
async function appliedVersions(sql: postgres.Sql | postgres.TransactionSql): Promise<string[]> {
  const [table] = await sql<{ there: boolean }[]>`select to_regclass('public.whatsapp_schema') is not null as there`;
  if (!table?.there) return [];
  const rows = await sql<{ versao: string }[]>`select versao from public.whatsapp_schema`;
  return rows.map((row) => row.versao);
}

/** Supabase's roles, which PostgREST-compatible layers switch to. Supabase has them; a plain Postgres does not. */
const ROLES = `do $$
declare papel text;
begin
  foreach papel in array array['anon', 'authenticated', 'service_role'] loop
    if not exists (select from pg_roles where rolname = papel) then
      execute format('create role %I nologin', papel);
    end if;
    if not pg_has_role(current_user, papel, 'member') then
      execute format('grant %I to current_user', papel);
    end if;
  end loop;
end $$`;

/**
 * Brings a plain Postgres to the newest schema; one quick query when there is nothing to do.
 * Two gateways may start at once: the second waits and then finds nothing missing. Each file is one transaction.
 * @returns the versions that it applied
 */
export async function applyMigrations(sql: postgres.Sql, dir: string = MIGRATIONS_DIR): Promise<string[]> {
  const all = await listMigrations(dir);
  if (missingMigrations(all, await appliedVersions(sql)).length === 0) return [];
  const done: string[] = [];
  await sql.unsafe(ROLES);
  for (const migration of all) {
    const text = await readFile(join(dir, migration.file), 'utf8');
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended('sentinela:migrations', 0))`;
      if ((await appliedVersions(tx)).includes(migration.versao)) return;
      await tx.unsafe(text).simple();
      done.push(migration.versao);
    });
  }
  return done;
}
