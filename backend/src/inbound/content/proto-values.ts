import { shortLine } from '../../lib/text.js';

/** A 64-bit number as protobufjs hands it over. */
type LongLike = { low: number; high: number; unsigned: boolean; toNumber(): number; toString(): string };
export type Numeric = number | LongLike | null | undefined;

function isLong(value: object): value is LongLike {
  return 'low' in value && 'high' in value && 'unsigned' in value;
}

/** A number that Postgres' bigint and JSON can hold exactly, else null. */
export function safeNumber(value: Numeric): number | null {
  if (value == null) return null;
  const number = typeof value === 'number' ? value : value.toNumber();
  return Number.isSafeInteger(number) ? number : null;
}

/** A count or a length: a safe number from 0 up, else null. */
export function count(value: Numeric): number | null {
  const number = safeNumber(value);
  return number !== null && number >= 0 ? number : null;
}

/** Seconds since the epoch → ISO 8601 in UTC; null when it is no time before the year 10000. */
export function isoFromSeconds(seconds: Numeric): string | null {
  const number = typeof seconds === 'object' && seconds !== null ? seconds.toNumber() : seconds;
  return isoFromMs(number == null ? null : number * 1000);
}

/** ms since the epoch → ISO 8601 in UTC; null when it is no time after 1970 and before the year 10000. */
export function isoFromMs(ms: Numeric): string | null {
  const number = typeof ms === 'object' && ms !== null ? ms.toNumber() : ms;
  if (number == null || !(number > 0) || number >= 253_402_300_800_000) return null;
  return new Date(number).toISOString();
}

export function base64(bytes: Uint8Array | string | null | undefined): string | null {
  if (bytes == null || bytes.length === 0) return null;
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('base64');
}

/** The object without its empty values: null, undefined, '', false and []. */
export function compact(facts: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(facts)) {
    const value = facts[key];
    if (value == null || value === '' || value === false || (Array.isArray(value) && value.length === 0)) continue;
    kept[key] = value;
  }
  return kept;
}

/** What the JSON of an unknown or rare content may take in `dados`. */
const MAX_JSON_CHARS = 32_768;
const MAX_DEPTH = 24;

/** A proto object as plain JSON: bytes as base64, 64-bit numbers as numbers (or text), nothing empty; cut when too large. */
export function protoJson(value: unknown): unknown {
  const plain = toPlain(value, 0);
  const text = JSON.stringify(plain);
  return text !== undefined && text.length > MAX_JSON_CHARS ? { cortado: shortLine(text, 4096) } : plain;
}

function toPlain(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isLong(value)) return safeNumber(value) ?? value.toString();
  if (depth >= MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((item) => toPlain(item, depth + 1));
  const plain: Record<string, unknown> = {};
  for (const key of Object.keys(value)) plain[key] = toPlain((value as Record<string, unknown>)[key], depth + 1);
  return compact(plain);
}
