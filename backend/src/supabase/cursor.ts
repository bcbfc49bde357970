import { GatewayError } from '../lib/errors.js';

/** The sort keys of the last row of a page, in the order of the list. */
export type CursorKeys = readonly (string | number)[];

const KEY_PATTERNS = {
  time: /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d(:?\d\d)?)$/,
  integer: /^-?\d{1,18}$/,
  uuid: /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
};
export type KeyKind = keyof typeof KEY_PATTERNS;

/** Opaque for clients: base64url of the keys. */
export function encodeCursor(keys: CursorKeys): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/** The keys of a cursor, each checked against its kind: they end up in a query. @throws GatewayError `BAD_REQUEST` */
export function decodeCursor(cursor: string, kinds: readonly KeyKind[]): string[] {
  const keys = parse(cursor);
  if (Array.isArray(keys) && keys.length === kinds.length) {
    const texts = keys.map(String);
    if (texts.every((text, index) => KEY_PATTERNS[kinds[index] ?? 'uuid'].test(text))) return texts;
  }
  throw new GatewayError('BAD_REQUEST', 'The cursor is not one that this list has given.', {
    details: { field: 'cursor' },
  });
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

/**
 * A PostgREST `or` filter: rows that come after `keys` in a list that is sorted by `columns`.
 * `a > x or (a = x and (b > y or (b = y and c > z)))`, written out because PostgREST has no row comparison.
 */
export function afterFilter(columns: readonly string[], keys: readonly string[], direction: 'asc' | 'desc'): string {
  const beyond = direction === 'asc' ? 'gt' : 'lt';
  const terms = columns.map((column, index) => {
    const equal = columns.slice(0, index).map((name, i) => `${name}.eq."${keys[i]}"`);
    const all = [...equal, `${column}.${beyond}."${keys[index]}"`];
    return all.length === 1 ? all[0] : `and(${all.join(',')})`;
  });
  return terms.join(',');
}
