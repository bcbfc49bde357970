import { decodeCursor, encodeCursor, afterFilter, type KeyKind } from './cursor.js';
import { normalizeTimes, type Row, type RowPage } from './rows.js';
import type { DatabaseClient } from './database-link.js';
import type { SupabaseWhatsAppService } from './supabase-whatsapp-service.js';
import { oneOfTexts } from './text-filter.js';

type Query = Pick<SupabaseWhatsAppService, 'query'>;
const PAGE = 500;

/** All rows of `whatsapp_api_keys`. @throws DatabaseFailure */
export async function readApiKeyRows(database: Query): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const after = rows.at(-1)?.['id'] as string | undefined;
    const page = await database.query((client) => {
      const query = client.from('whatsapp_api_keys').select('*').order('id').limit(PAGE).retry(false);
      return after === undefined ? query : query.gt('id', after);
    });
    rows.push(...page.map(normalizeTimes));
    if (page.length < PAGE) return rows;
  }
}

/** Written whole, new or not. @throws DatabaseFailure */
export async function writeApiKeyRows(database: Query, rows: Row[]): Promise<void> {
  await database.query((client) => client.from('whatsapp_api_keys').upsert(rows).select('id'));
}

/** Each once, however often it is written. @throws DatabaseFailure */
export async function writeAuditRows(database: Query, rows: Row[]): Promise<void> {
  await database.query((client) => client.from('whatsapp_auditoria').upsert(rows).select('id'));
}

/** Removes at most so many records from before a time (ISO 8601), the oldest first. @returns how many @throws DatabaseFailure */
export async function removeAuditRows(database: Query, antes: string, maximo: number): Promise<number> {
  const [row] = await database.query((client) =>
    client.rpc('limpar_auditoria', { pedido: { antes, maximo } }).retry(false),
  );
  return Number(row?.['removidos'] ?? 0);
}

const COLUMNS = ['em', 'id'] as const;
const KINDS: KeyKind[] = ['time', 'uuid'];

export interface AuditQuery {
  limit: number;
  cursor: string | null;
  caller?: string | undefined;
  connectionId?: string | undefined;
}

/** One page of `whatsapp_auditoria`, the newest first. @throws GatewayError `BAD_REQUEST` (cursor), DatabaseFailure */
export async function readAuditRows(database: Query, { limit, cursor, ...filter }: AuditQuery): Promise<RowPage> {
  const after = cursor ? decodeCursor(cursor, KINDS) : null;
  const rows = await database.query((client: DatabaseClient) => {
    let query = client.from('whatsapp_auditoria').select('*');
    if (filter.caller !== undefined) query = query.filter('quem', 'in', oneOfTexts(filter.caller));
    if (filter.connectionId !== undefined) query = query.filter('sessao', 'in', oneOfTexts(filter.connectionId));
    if (after) query = query.or(afterFilter(COLUMNS, after, 'desc'));
    for (const column of COLUMNS) query = query.order(column, { ascending: false });
    return query.limit(limit + 1).retry(false);
  });
  const shown = rows.slice(0, limit).map(normalizeTimes);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const keys = last && COLUMNS.map((column) => last[column] as string);
  return { data: shown, nextCursor: keys ? encodeCursor(keys) : null };
}
