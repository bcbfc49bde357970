import type { IncomingHttpHeaders } from 'node:http';
import type postgres from 'postgres';
import { resolveApiKey } from './api-key.js';
import type { LocalKeys } from './keys.js';

/** Where supabase-js posts `rpc('registrar_eventos', { lote })`. */
const PATH = '/rest/v1/rpc/registrar_eventos';

/** What goes back over HTTP. */
export interface Answer {
  status: number;
  json: string;
}

/** A request that is answered without @supabase/lite, or null when it is not for this. */
export type Shortcut = (request: { method: string; url: string; headers: IncomingHttpHeaders }) => Write | null;
/** @param body the JSON as it came */
export type Write = (body: Buffer) => Promise<Answer>;

/**
 * The gateway's own write, straight to Postgres: the request's JSON becomes the function's argument and its rows the
 * answer without being parsed here. @supabase/lite looks the function up, sets the role and reads the answer back in
 * statements of their own: measured at 8 ms of CPU a call, against 1.3 ms. Only for the service role's key; everything
 * else, a wrong key included, is left to @supabase/lite. Answers have PostgREST's shape and statuses.
 */
export function writeShortcut(sql: postgres.Sql, keys: LocalKeys): Shortcut {
  return ({ method, url, headers }) => {
    const key = headers['apikey'];
    if (method !== 'POST' || url !== PATH || typeof key !== 'string') return null;
    return resolveApiKey(key, keys)?.type === 'secret' ? (body) => write(sql, body) : null;
  };
}

async function write(sql: postgres.Sql, body: Buffer): Promise<Answer> {
  try {
    // One statement is one transaction. The text is cast in Postgres, so that it alone judges what JSON is.
    const [row] = await sql<{ json: string }[]>`
      select coalesce(json_agg(r order by r.indice), '[]')::text as json
        from public.registrar_eventos(${body.toString('utf8')}::text::jsonb -> 'lote') as r`;
    return { status: 200, json: row?.json ?? '' };
  } catch (error) {
    return failure(error as Partial<postgres.PostgresError>);
  }
}

/** PostgREST's table of statuses by SQLSTATE (https://docs.postgrest.org/en/stable/references/errors.html). */
const STATUSES: readonly [prefix: string, status: number][] = [
  ['23503', 409],
  ['23505', 409],
  ['25006', 405],
  ['42883', 404],
  ['42P01', 404],
  ['42501', 403],
  ['28', 403],
  ['08', 503],
  ['53', 503],
  ['57', 503],
  ['40', 500],
  ['54', 500],
  ['55', 500],
  ['58', 500],
  ['XX', 500],
];

function failure({ code = '', message = '', detail, hint }: Partial<postgres.PostgresError>): Answer {
  // The client's own codes (CONNECTION_REFUSED, ECONNRESET, …) all mean that Postgres was not reached.
  const fromPostgres = /^[0-9A-Z]{5}$/.test(code);
  if (!fromPostgres) {
    const unreachable = { code: 'PGRST001', message: `Postgres is not reached: ${code || message}` };
    return { status: 503, json: JSON.stringify({ ...unreachable, details: null, hint: null }) };
  }
  const status = STATUSES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 400;
  return { status, json: JSON.stringify({ code, message, details: detail ?? null, hint: hint ?? null }) };
}
