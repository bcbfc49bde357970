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

/** Supabase's roles, which PostgREST-compatible layers switch to. Supabase has them; a plain Postgres does not, and an owner
 *  of a database without CREATEROLE cannot make them: then only the service key is served (`servesUsers`). */
const ROLES = `do $$
declare papel text;
begin
  foreach papel in array array['anon', 'authenticated', 'service_role'] loop
    begin
      if not exists (select from pg_roles where rolname = papel) then
        execute format('create role %I nologin', papel);
      end if;
      if not pg_has_role(current_user, papel, 'member') then
        execute format('grant %I to current_user', papel);
      end if;
    exception when insufficient_privilege then
      null;
    end;
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

/**
 * Whether requests can be made in Supabase's roles: they exist, this user may take them on, and the tables were made when
 * they existed. Otherwise every request would have to run as the owner, who sees everything.
 */
export async function servesUsers(sql: postgres.Sql): Promise<boolean> {
  const rows = await sql<{ papel: string }[]>`
    select rolname as papel from pg_roles
     where rolname in ('anon', 'authenticated', 'service_role')
       and pg_has_role(current_user, oid, 'member')
       and (rolname = 'anon' or has_table_privilege(oid, 'public.whatsapp_mensagens', 'select'))`;
  return rows.length === 3;
}
