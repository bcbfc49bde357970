import type postgres from 'postgres';

/** When each of these messages' rows was committed (Postgres' own record), ms since the epoch; those without a row are left out. */
export async function commitTimes(sql: postgres.Sql, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql<{ id: string; at: number }[]>`
    select whatsapp_id as id, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 as at
      from public.whatsapp_mensagens where whatsapp_id = any(${ids as string[]})`;
  return new Map(rows.map(({ id, at }) => [id, at]));
}

/** How many rows come before one in their chat that was sent before them. @param ids in the order of sending */
export async function disorder(sql: postgres.Sql, ids: readonly string[]): Promise<number> {
  const [row] = await sql<{ wrong: number }[]>`
    select count(*)::int as wrong from (
      select s.n < lag(s.n) over (partition by m.contato_id order by m.ordem) as wrong
        from unnest(${ids as string[]}::text[]) with ordinality as s(id, n)
        join public.whatsapp_mensagens m on m.whatsapp_id = s.id) as pairs
     where wrong`;
  return row?.wrong ?? NaN;
}

/** What the figures rest on: that nothing of the real database was left out to be faster. */
export interface DatabaseFacts {
  version: string;
  fsync: string;
  synchronousCommit: string;
  fullPageWrites: string;
  migrations: number;
  indexes: number;
  triggers: number;
  tablesWithoutRls: string[];
}

/** @throws Error when Postgres does not write durably, or the schema is not the product's */
export async function databaseFacts(sql: postgres.Sql): Promise<DatabaseFacts> {
  const [facts] = await sql<DatabaseFacts[]>`
    select current_setting('server_version') as version, current_setting('fsync') as fsync,
           current_setting('synchronous_commit') as "synchronousCommit",
           current_setting('full_page_writes') as "fullPageWrites",
           (select count(*)::int from public.whatsapp_schema) as migrations,
           (select count(*)::int from pg_indexes where schemaname = 'public') as indexes,
           (select count(*)::int from pg_trigger where not tgisinternal) as triggers,
           array(select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname = 'public' and c.relkind = 'r' and not c.relrowsecurity) as "tablesWithoutRls"`;
  if (!facts) throw new Error('the database does not answer');
  const durable = facts.fsync === 'on' && facts.synchronousCommit === 'on' && facts.fullPageWrites === 'on';
  if (!durable) throw new Error(`the database does not write durably: ${JSON.stringify(facts)}`);
  const whole = facts.migrations > 0 && facts.triggers > 0 && facts.tablesWithoutRls.length === 0;
  if (!whole) throw new Error(`this is not the gateway's schema: ${JSON.stringify(facts)}`);
  return facts;
}
