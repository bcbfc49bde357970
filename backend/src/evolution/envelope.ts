import { GatewayError } from '../lib/errors.js';
import { wireForm } from './plain-message.js';
import { canonicalEvent, eventClass } from './event-names.js';

/** An event of an Evolution server, out of whichever form it was posted in. */
export interface Envelope {
  /** Dots and lower case. */
  event: string;
  /** The instance's name at its server; null when the body does not name one. */
  instance: string | null;
  data: unknown;
  /** `data` as a list: an event may carry several messages or contacts. */
  items: unknown[];
  /** The server's own time, ms (its local time as if it were UTC: for comparing with itself only); null when absent. */
  at: number | null;
  /** Its own number's address; null when absent. */
  sender: string | null;
}

type Json = Record<string, unknown>;

/** Real messages nest some ten levels (quotes); deeper ones only exhaust whoever walks through them. */
const MAX_DEPTH = 64;
const MAX_ITEMS = 5_000;
const MAX_NAME = 200;

/**
 * Reads a body as it came.
 * @param fallbackEvent the event that the path names (`byEvents`), for bodies without one
 * @throws GatewayError `BAD_REQUEST` with `details: { field, problem }[]`
 */
export function readEnvelope(body: Json, fallbackEvent: string | null): Envelope {
  if (isDeeper(body, MAX_DEPTH)) throw bad('body', `must nest at most ${MAX_DEPTH} levels`);
  const name = body['event'] ?? fallbackEvent;
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) {
    throw bad('body.event', 'must be the name of an event, such as messages.upsert');
  }
  const event = canonicalEvent(name);
  const data = body['data'];
  const items = itemsOf(event, data).map((item) => wireForm(event, item));
  if (items.length > MAX_ITEMS) throw bad('body.data', `must have at most ${MAX_ITEMS} entries`);
  const time = typeof body['date_time'] === 'string' ? Date.parse(body['date_time']) : NaN;
  const sender = body['sender'];
  return {
    event,
    instance: instanceOf(body, data),
    data,
    items,
    at: Number.isNaN(time) ? null : time,
    sender: typeof sender === 'string' && /^\d{5,20}@s\.whatsapp\.net$/.test(sender) ? sender : null,
  };
}

/** Names the field and the fix, as every route does. */
export function bad(field: string, problem: string): GatewayError {
  return new GatewayError('BAD_REQUEST', `${field} ${problem}`, { details: [{ field, problem }] });
}

function itemsOf(event: string, data: unknown): unknown[] {
  if (eventClass(event) !== 'rows') return [];
  if (Array.isArray(data)) return data;
  // `messages.set` and old servers wrap the list.
  for (const list of ['messages', 'contacts', 'groups']) {
    const inner = isObject(data) ? data[list] : undefined;
    if (Array.isArray(inner)) return inner;
  }
  return [data];
}

/** `instance` as a name or as an object with one; some events only repeat it inside `data`. */
function instanceOf(body: Json, data: unknown): string | null {
  const inside = isObject(data) ? [data['instance'], data['instanceName'], data['qrcode']] : [];
  for (const place of [body['instance'], body['instanceName'], ...inside]) {
    const name = nameIn(place);
    if (name !== null) return name;
  }
  return null;
}

function nameIn(place: unknown): string | null {
  if (isObject(place)) return nameIn(place['instanceName'] ?? place['instance'] ?? place['name']);
  const isName =
    typeof place === 'string' && place.length <= MAX_NAME && /\S/.test(place) && !place.startsWith('data:');
  return isName && !/[\0-\x1f\p{Surrogate}]/u.test(place) ? place.trim() : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Level by level, without recursion: that is what a deep body would exhaust. */
function isDeeper(value: unknown, max: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= max; depth++) {
    level = level.flatMap(childrenOf);
    if (level.length === 0) return false;
  }
  return true;
}

function childrenOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : [];
}
