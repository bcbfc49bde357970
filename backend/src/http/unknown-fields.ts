import { z } from 'zod';

/** A field that no schema has, and the fields that stand where it stands. */
export interface UnknownField {
  path: string[];
  siblings: string[];
}

/** More of them are the same mistake again. */
const MOST_NAMED = 10;
const LONGEST_NAME = 64;

/**
 * Finds the fields of a request that its schema would pass over in silence, at any depth. Objects that are declared open
 * (`looseObject`) and records have none. The work is bounded by the schema and the value.
 */
export function unknownFields(schema: z.ZodType, value: unknown, path: string[] = []): UnknownField[] {
  const found: UnknownField[] = [];
  walk(schema, value, path, found);
  return found;
}

function walk(schema: unknown, value: unknown, path: string[], found: UnknownField[]): void {
  if (found.length >= MOST_NAMED || typeof value !== 'object' || value === null) return;
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    value.forEach((each, index) => walk(inner.element, each, [...path, String(index)], found));
  } else if (inner instanceof z.ZodObject && !Array.isArray(value)) {
    walkObject(inner, value as Record<string, unknown>, path, found);
  } else if (inner instanceof z.ZodRecord && !Array.isArray(value)) {
    for (const [key, each] of Object.entries(value)) walk(inner.valueType, each, [...path, key], found);
  } else if (inner instanceof z.ZodUnion) {
    walkUnion(inner, value, path, found);
  }
}

function walkObject(schema: z.ZodObject, value: Record<string, unknown>, path: string[], found: UnknownField[]): void {
  const { catchall } = schema.def;
  if (catchall !== undefined && !(catchall instanceof z.ZodNever)) return;
  const shape = schema.shape as Record<string, z.ZodType>;
  for (const key of Object.keys(value)) {
    if (found.length >= MOST_NAMED) return;
    if (Object.hasOwn(shape, key)) walk(shape[key], value[key], [...path, key], found);
    else found.push({ path: [...path, printable(key)], siblings: Object.keys(shape) });
  }
}

/** What one of the alternatives takes is known. */
function walkUnion(schema: z.ZodUnion, value: unknown, path: string[], found: UnknownField[]): void {
  const perOption = schema.options.map((option) => unknownFields(option as z.ZodType, value, path));
  const fewest = perOption.reduce((best, each) => (each.length < best.length ? each : best));
  found.push(...fewest);
}

/** Out of what makes a field optional, defaulted, nullable or transformed. */
function unwrapped(schema: unknown): unknown {
  let inner = schema;
  for (;;) {
    if (
      inner instanceof z.ZodOptional ||
      inner instanceof z.ZodNullable ||
      inner instanceof z.ZodDefault ||
      inner instanceof z.ZodPrefault ||
      inner instanceof z.ZodReadonly
    ) {
      inner = inner.def.innerType;
    } else if (inner instanceof z.ZodPipe) inner = inner.def.in;
    else return inner;
  }
}

/** A name is shown to its sender and may stand in a log: short, and without control characters. */
function printable(name: string): string {
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  return short.replace(/[\p{Cc}\p{Cf}\p{Surrogate}]/gu, '?');
}

/** Words of other gateways, and of habit, for what has another name here; the first one that stands there is meant. */
const HABITS: Record<string, string[]> = {
  text: ['content', 'caption'],
  message: ['content', 'text'],
  body: ['content', 'text'],
  content: ['text', 'caption', 'texto'],
  number: ['to', 'phoneNumber'],
  phone: ['to', 'phoneNumber'],
  recipient: ['to'],
  chatid: ['to', 'chat'],
  jid: ['to'],
  quoted: ['replyTo'],
  quotedmessageid: ['replyTo'],
  delay: ['delayMs'],
  typing: ['typingMs'],
  media: ['mediaUrl'],
  url: ['mediaUrl'],
  file: ['mediaBase64'],
  base64: ['mediaBase64'],
  session: ['connectionId', 'clientId'],
  instance: ['connectionId', 'clientId'],
  clientid: ['connectionId'],
  connectionid: ['clientId', 'connectionIds', 'id'],
  mentioned: ['mentions'],
  page: ['cursor'],
  offset: ['cursor'],
  perpage: ['limit'],
};

/** The field that was probably meant: another spelling, a slip of a finger or two, or a word of habit. */
export function likelyField({ path, siblings }: UnknownField): string | null {
  const name = path.at(-1) ?? '';
  const plain = plainName(name);
  const spelled = siblings.find((sibling) => plainName(sibling) === plain);
  if (spelled) return spelled;
  const habit = Object.hasOwn(HABITS, plain) ? HABITS[plain]!.find((each) => siblings.includes(each)) : undefined;
  if (habit) return habit;
  const most = plain.length < 5 ? 1 : 2;
  const near = siblings
    .map((sibling) => ({ sibling, distance: editDistance(plain, plainName(sibling)) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)[0];
  return near?.sibling ?? null;
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** Levenshtein's; names are at most some 64 characters. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
