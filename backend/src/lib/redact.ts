import type { LogMeta } from './log.js';

/** Logs are shared with people who may not read conversations: from `info` up both lists apply, at `debug` the first. */
const SECRET_KEYS =
  /secret|token|password|senha|apikey|authorization|cookie|creds|credential|privatekey|keypair|encryptionkey|servicerole|anonkey|databaseurl|pairingcode|qrcode|^qr$|plaintext/;
const PRIVATE_KEYS =
  /^(body|content|conteudo|texto?|caption|legenda|numero.*|phone.*|telefone|to|from|.*jid|pn|lid|participant|pushname|nome.*|me|node|stanza)$/;

const REDACTED = '[redacted]';
const MAX_DEPTH = 6;
const MAX_ITEMS = 50;
const MAX_TEXT = 2000;

/** What carries a secret or a phone number inside a longer text, such as an error's message. */
const SCRUBBED: [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[^\s"']+/gi, '$1 [redacted]'],
  [/(:\/\/)[^\s/@"']+@/g, '$1[redacted]@'],
  [/(?<!\d)\d{6,}(?=(?:[.:_]\d{1,10}){0,3}@(?:s\.whatsapp\.net|c\.us|lid|hosted|g\.us))/g, REDACTED],
];

/** A plain JSON copy of `meta` without secrets, message bodies and phone numbers; errors with their code and cause. */
export function redact(meta: LogMeta, level: string): LogMeta {
  const hides =
    level === 'debug'
      ? (key: string) => SECRET_KEYS.test(key)
      : (key: string) => SECRET_KEYS.test(key) || PRIVATE_KEYS.test(key);
  return plainObject(meta, hides, 0, new Set([meta]));
}

type Hides = (normalisedKey: string) => boolean;

function plainObject(value: object, hides: Hides, depth: number, above: Set<object>): LogMeta {
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries.map(([key, inner]) => {
      const hidden = inner != null && hides(key.toLowerCase().replace(/[^a-z]/g, ''));
      return [key, hidden ? REDACTED : plain(inner, hides, depth + 1, above)];
    }),
  );
}

function plain(value: unknown, hides: Hides, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') return scrub(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth > MAX_DEPTH || above.has(value)) return '[…]';
  above.add(value);
  try {
    if (value instanceof Error) return plainError(value, hides, depth, above);
    if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => plain(item, hides, depth + 1, above));
    if (value instanceof Map || value instanceof Set) return `[${value.size} items]`;
    return plainObject(value, hides, depth, above);
  } finally {
    above.delete(value);
  }
}

function plainError(error: Error, hides: Hides, depth: number, above: Set<object>): LogMeta {
  const { name, message, stack, cause, ...own } = error as Error & Record<string, unknown>;
  return {
    name,
    message: scrub(message),
    ...plainObject(own, hides, depth, above),
    ...(cause === undefined ? {} : { cause: plain(cause, hides, depth + 1, above) }),
    stack: stack === undefined ? undefined : scrub(stack),
  };
}

function scrub(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
  return SCRUBBED.reduce((clean, [pattern, instead]) => clean.replace(pattern, instead), short);
}
