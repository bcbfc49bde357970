import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type postgres from 'postgres';

/** One table of the embedded database in a backup: a file in Postgres' own COPY text format, and what its columns are. */
export interface TableFile {
  table: string;
  columns: string[];
  file: string;
}

/**
 * Writes every table of the gateway into a folder, all as they are at one moment (`repeatable read`).
 * Plain text rather than Postgres' files: those can be copied online only with a WAL that we do not keep.
 */
export async function dumpTables(sql: postgres.Sql, folder: string): Promise<TableFile[]> {
  const done: TableFile[] = [];
  await sql.begin('isolation level repeatable read read only', async (tx) => {
    for (const { table, columns } of await tablesOf(tx)) {
      const file = `${table}.copy`;
      const rows = await tx.unsafe(`copy ${target(table, columns)} to stdout`).readable();
      await pipeline(rows, createWriteStream(join(folder, file), { mode: 0o600 }));
      // Rows that fill the stream's buffer pause the socket, and an ended stream is read no more: when the last ones did
      // (postgres.js 3.4, src/connection.js, CopyData), nothing else would wake it, and the next table would never come.
      rows._read(0);
      done.push({ table, columns, file });
    }
  });
  return done;
}

/**
 * Puts them back into a migrated database, in one transaction, in place of whatever is in it. Triggers and foreign keys
 * rest meanwhile (`session_replication_role`): the rows agree with each other already, and keep their times.
 */
export async function loadTables(sql: postgres.Sql, folder: string, tables: readonly TableFile[]): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    for (const { table, columns, file } of tables) {
      await tx`delete from ${tx(`public.${table}`)}`;
      const rows = await tx.unsafe(`copy ${target(table, columns)} from stdin`).writable();
      await pipeline(createReadStream(join(folder, file)), rows);
    }
  });
}

/** `copy` takes no parameters. */
function target(table: string, columns: readonly string[]): string {
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  return `public.${quoted(table)} (${columns.map(quoted).join(', ')})`;
}

/** All tables of the schema but the list of migrations, which is the database's own. */
async function tablesOf(tx: postgres.TransactionSql): Promise<{ table: string; columns: string[] }[]> {
  return tx<{ table: string; columns: string[] }[]>`
    select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
       and c.relname like 'whatsapp\\_%' and c.relname <> 'whatsapp_schema'
     group by c.relname order by c.relname`;
}
