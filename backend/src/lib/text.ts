/**
 * Postgres stores neither NUL (22021, 22P05 in jsonb) nor lone surrogates (22P02): one such character would make a whole
 * batch of rows unwritable. Everything that comes from people passes through here before it leaves for the database.
 */
const UNSTORABLE = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const ALL_UNSTORABLE = new RegExp(UNSTORABLE, 'g');

/** WhatsApp's own limit for a text, in UTF-16 units. */
export const MAX_TEXT_CHARS = 65_536;

/** NUL and lone surrogates replaced by U+FFFD. */
export function storableText(text: string): string {
  return UNSTORABLE.test(text) ? text.replace(ALL_UNSTORABLE, '\ufffd') : text;
}

/** At most `max` UTF-16 units, never ending in half a character. */
export function cutText(text: string, max = MAX_TEXT_CHARS): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/** The text without the run of `char` that it ends with. In one pass: `/x+$/` starts anew at each `x` of a long run. */
export function withoutTrailing(text: string, char: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === char) end--;
  return text.slice(0, end);
}

/** Blanks of every kind, line ends and control characters. */
const BLANKS = /[\p{Cc}\p{Z}]+/gu;
/** Zero width, directions, and letters that show nothing (Hangul fillers, Braille blank). What joins the parts of an emoji stays. */
const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0]/g;

/** A name as a person would read it aloud: one line, without what cannot be seen; null when no letter, digit or symbol is left. */
export function visibleName(text: string | null | undefined): string | null {
  const seen = (text ?? '').replace(INVISIBLE, '').replace(BLANKS, ' ').trim();
  return /[\p{L}\p{N}\p{S}]/u.test(seen) ? seen : null;
}

/** A short line out of any text: white space folded, cut with an ellipsis. */
export function shortLine(text: string, max = 200): string {
  const line = text
    .slice(0, max * 4)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > max ? `${cutText(line, max - 1)}…` : line;
}

/** What {@link storable} found on its way. */
export interface StorableReport {
  altered: boolean;
  cut: boolean;
  /** Characters of all strings, as they go out. */
  chars: number;
}

/**
 * A plain JSON value with every string in it (keys too, however deep) storable and at most {@link MAX_TEXT_CHARS} long.
 * What needs no change is returned as it is, not copied.
 */
export function storable<T>(value: T, report: StorableReport): T {
  if (typeof value === 'string') return storableString(value, report) as T;
  if (Array.isArray(value)) return storableArray(value, report) as T;
  if (typeof value === 'object' && value !== null) return storableObject(value as Record<string, unknown>, report) as T;
  return value;
}

function storableString(text: string, report: StorableReport): string {
  const clean = storableText(text);
  if (clean !== text) report.altered = true;
  report.chars += Math.min(clean.length, MAX_TEXT_CHARS);
  if (clean.length <= MAX_TEXT_CHARS) return clean;
  report.cut = true;
  return cutText(clean);
}

function storableArray(items: unknown[], report: StorableReport): unknown[] {
  let changed = false;
  const clean = items.map((item) => {
    const next = storable(item, report);
    changed ||= next !== item;
    return next;
  });
  return changed ? clean : items;
}

function storableObject(object: Record<string, unknown>, report: StorableReport): Record<string, unknown> {
  let copy: Record<string, unknown> | null = null;
  for (const key of Object.keys(object)) {
    const value = object[key];
    const nextKey = storableString(key, report);
    const next = storable(value, report);
    if (next === value && nextKey === key) continue;
    copy ??= { ...object };
    if (nextKey !== key) delete copy[key];
    copy[nextKey] = next;
  }
  return copy ?? object;
}
