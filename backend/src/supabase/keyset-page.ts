import { afterFilter, type CursorKeys, decodeCursor, encodeCursor, type KeyKind } from './cursor.js';
import { type Answer, normalizeTimes, type Row, type RowPage } from './rows.js';

type Direction = 'asc' | 'desc';

/** A list that is walked by its sort keys: columns from most to least significant, unique in the end. */
export interface KeysetList {
  columns: readonly string[];
  kinds: readonly KeyKind[];
  direction: Direction;
}
export const MENSAGENS: KeysetList = {
  columns: ['timestamp', 'ordem', 'id'],
  kinds: ['time', 'integer', 'uuid'],
  direction: 'asc',
};
export const ATENDIMENTOS: KeysetList = {
  columns: ['ultima_mensagem', 'id'],
  kinds: ['time', 'uuid'],
  direction: 'desc',
};
export const ATENDIMENTO_EVENTOS: KeysetList = {
  columns: ['created_at', 'id'],
  kinds: ['time', 'uuid'],
  direction: 'asc',
};

export const AGENDADAS: KeysetList = {
  columns: ['enviar_em', 'id'],
  kinds: ['time', 'uuid'],
  direction: 'asc',
};

/** Where a page starts (null: at the list's beginning), how long it is, and in which order it is read. */
export interface PageRequest {
  limit: number;
  cursor?: string | null | undefined;
  direction?: Direction | undefined;
}

/** `prevCursor` gives what comes before this page: nothing yet at the list's beginning, but what has come since when it
 *  is asked again. Null only when there is nothing to count from. */
export interface TwoWayPage extends RowPage {
  prevCursor: string | null;
}

/** What is needed of a query builder of supabase-js. */
export interface SortableQuery extends PromiseLike<Answer> {
  or(filter: string): this;
  order(column: string, options: { ascending: boolean }): this;
  limit(count: number): this;
  retry(enabled: boolean): this;
}

/** A query and the alternatives that must hold beside its filters, each one a list for PostgREST's `or`. */
export interface FilteredQuery {
  query: SortableQuery;
  alternatives?: readonly (string | null)[];
}

/** Marks a cursor that is walked backwards. */
const BACK = '~';
const OTHER = { asc: 'desc', desc: 'asc' } as const;

/** Reads one page, forwards or (a `prevCursor`) backwards; its rows are in the list's order either way.
 *  @throws GatewayError `BAD_REQUEST` for a cursor that this list has not given, and what `read` throws */
export async function readPage(
  build: () => FilteredQuery,
  list: KeysetList,
  page: PageRequest,
  read: (query: SortableQuery) => Promise<Row[]>,
): Promise<TwoWayPage> {
  const { backwards, position, keys } = positionOf(page, list);
  const direction = page.direction ?? list.direction;
  const walk = backwards ? OTHER[direction] : direction;
  const { query: filtered, alternatives = [] } = build();
  let query = withAll(filtered, [...alternatives, keys && afterFilter(list.columns, keys, walk)]);
  for (const column of list.columns) query = query.order(column, { ascending: walk === 'asc' });
  // One row more than asked for tells whether there is a next page.
  const rows = await read(query.limit(page.limit + 1).retry(false));
  const shown = rows.slice(0, page.limit);
  if (backwards) shown.reverse();
  const first = keyOf(shown[0], list) ?? position;
  const last = keyOf(shown.at(-1), list) ?? position;
  return {
    data: shown.map(normalizeTimes),
    nextCursor: backwards || rows.length > page.limit ? last : null,
    prevCursor: first && BACK + first,
  };
}

/** All in one parameter: of two `or` in one URL the Supabase-compatible layers see only one. */
function withAll(query: SortableQuery, alternatives: readonly (string | null)[]): SortableQuery {
  const given = alternatives.filter((each) => each !== null);
  return given.length === 0 ? query : query.or(`and(${given.map((each) => `or(${each})`).join(',')})`);
}

/** Before anything is looked up for it. @throws GatewayError `BAD_REQUEST` for a cursor that this list has not given */
export function checkCursor(page: PageRequest, list: KeysetList): void {
  positionOf(page, list);
}

function positionOf(page: PageRequest, list: KeysetList) {
  const backwards = page.cursor?.startsWith(BACK) ?? false;
  const position = page.cursor ? page.cursor.slice(backwards ? BACK.length : 0) : null;
  return { backwards, position, keys: position === null ? null : decodeCursor(position, list.kinds) };
}

function keyOf(row: Row | undefined, list: KeysetList): string | null {
  return row ? encodeCursor(list.columns.map((column) => row[column]) as CursorKeys) : null;
}
