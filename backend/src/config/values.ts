import { isIP } from 'node:net';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { looksLikePostgresUrl } from '../lib/postgres-url.js';
import { isPartyText, partyOf, type Party } from '../lib/party.js';
import { CRASH_POINTS, type CrashPlan, type CrashPoint } from '../lib/crash-points.js';

/** How one kind of setting is read from its text, and what to tell who wrote it wrongly ("KEY must <must> (got …)"). */
export interface Value<T> {
  schema: z.ZodType<T, string>;
  must: string;
}

function integer(min: number, max: number, must: string): Value<number> {
  const schema = z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));
  return { schema, must };
}

function url(protocols: string[], must: string): Value<string> {
  const readable = (text: string) => URL.canParse(text) && protocols.includes(new URL(text).protocol);
  return { schema: z.string().refine(readable), must };
}

const isOrigin = (text: string) =>
  URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol) && new URL(text).origin === text;

export const positiveInteger = integer(1, Number.MAX_SAFE_INTEGER, 'be a positive integer');
export const port = integer(0, 65_535, 'be a port number from 0 to 65535 (0 takes a free one)');

/** A delay for setTimeout: above 2³¹−1 ms Node would fire at once. */
export const milliseconds = integer(1, 2 ** 31 - 1, 'be a number of milliseconds from 1 to 2147483647');
/** A period that may be switched off. */
export const millisecondsOrNone = integer(0, 2 ** 31 - 1, 'be a number of milliseconds from 1 to 2147483647, or 0');
export const bytes = integer(1, Number.MAX_SAFE_INTEGER, 'be a number of bytes');
export const httpUrl = url(['http:', 'https:'], 'be an http:// or https:// URL');
export const httpsUrl = url(['https:'], 'be an https:// URL');
/** Only its form: what stands in it is judged by a rule, which can say more. */
export const postgresUrl: Value<string> = {
  schema: z.string().refine(looksLikePostgresUrl),
  must: 'be a postgres:// URL',
};
export const webSocketUrl = url(['ws:', 'wss:'], 'be a ws:// or wss:// URL');

export const hostName: Value<string> = {
  schema: z.string().regex(/^[A-Za-z0-9_.:-]{1,253}$/),
  must: 'be an IP address or a host name',
};

/** An owner, by UUID or by another text. */
export const party: Value<Party> = {
  schema: z.string().refine(isPartyText).transform(partyOf),
  must: 'be a UUID, or another text of 1 to 200 characters',
};

/** Where public keys are, or they themselves. */
export const jwks: Value<JSONWebKeySet | URL> = {
  schema: z
    .string()
    .refine((text) => httpUrl.schema.safeParse(text).success || isJwks(text))
    .transform((text) => (isJwks(text) ? (JSON.parse(text) as JSONWebKeySet) : new URL(text))),
  must: 'be an http(s):// URL, or a JSON Web Key Set such as {"keys":[…]}',
};

function isJwks(text: string): boolean {
  try {
    return z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }).safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** A path as written; who reads the settings resolves it. */
export const folder: Value<string> = {
  schema: z.string().refine((text) => !text.includes('\0')),
  must: 'be a folder',
};

/** Where WebSockets connect; what the HTTP API has stays its own. */
export const urlPath: Value<string> = {
  schema: z.string().regex(/^(?!\/(api|docs|health|metrics|openapi)\b)(\/[A-Za-z0-9_.-]{1,64}){1,5}$/),
  must: 'be a path such as /socket.io that is none of the HTTP API',
};

/** `*` or a list of origins as browsers send them (scheme, host and port, nothing after). */
export const origins: Value<string[]> = {
  schema: z
    .string()
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .refine((list) => list.every((origin) => origin === '*' || isOrigin(origin))),
  must: 'be a comma-separated list of origins such as http://localhost:5173 (no path, no slash at the end), or *',
};

/** Addresses of pages, as people write them (`https://crm.example.com/`), as origins; what is no URL stays as it is. */
export function originsOfPages(text: string): string {
  const originOf = (page: string) => (URL.canParse(page) && page !== '*' ? new URL(page).origin : page);
  return text
    .split(',')
    .map((page) => originOf(page.trim()))
    .join(',');
}

const WEBHOOK_PATH = '/api/webhook';

/** The gateway's own address in that of its webhook route. */
export function withoutWebhookPath(text: string): string {
  const at = text.indexOf(WEBHOOK_PATH);
  const rest = text.slice(at + WEBHOOK_PATH.length);
  return at > 0 && /^(\/[^?#]*)?$/.test(rest) ? text.slice(0, at) : text;
}

/** `address` or `address/prefix`, of either family, separated by commas; empty = none. */
export const addressRanges: Value<string[]> = {
  schema: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((range) => range.trim())
        .filter(Boolean),
    )
    .refine((list) => list.every(isAddressRange)),
  must: 'be a comma-separated list of addresses or ranges such as 127.0.0.1,192.168.1.0/24',
};

function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

/** What travels in a header or is typed by people: no spaces, no umlauts, long enough not to be guessed. */
export const secretText: Value<string> = {
  schema: z.string().regex(/^[\x21-\x7e]{16,}$/),
  must: 'be 16 or more visible ASCII characters without spaces',
};

/** A key that another server has given out: how long it is, is that server's affair. */
export const foreignKey: Value<string> = {
  schema: z.string().regex(/^[\x21-\x7e]{1,512}$/),
  must: 'be 1 to 512 visible ASCII characters without spaces',
};

/** A text in a token. */
export const claim: Value<string> = {
  schema: z.string().regex(/^[\x21-\x7e]{1,500}$/),
  must: 'be visible ASCII characters without spaces',
};

export const hexKey32: Value<Buffer> = {
  schema: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/)
    .transform((text) => Buffer.from(text, 'hex')),
  must: 'be a public key of 32 bytes, as 64 hex digits',
};

/** WhatsApp Web's version as Baileys takes it: three numbers. */
export const whatsappVersion: Value<[number, number, number]> = {
  schema: z
    .string()
    .regex(/^2\.3000\.\d{6,12}$/)
    .transform((text) => text.split('.').map(Number) as [number, number, number]),
  must: 'be a WhatsApp Web version such as 2.3000.1023456789',
};

/** `after:journal:17`: where the process ends itself, and the how many-th time that it comes by. */
export const crashPlan: Value<CrashPlan> = {
  schema: z
    .string()
    .regex(new RegExp(`^(${CRASH_POINTS.join('|')}):[1-9]\\d{0,8}$`))
    .transform((text) => {
      const at = text.lastIndexOf(':');
      return { point: text.slice(0, at) as CrashPoint, nth: Number(text.slice(at + 1)) };
    }),
  must: `be one of ${CRASH_POINTS.join(', ')}, a colon and a number from 1`,
};

export const flag: Value<boolean> = {
  schema: z.enum(['true', 'false']).transform((text) => text === 'true'),
  must: 'be true or false',
};

export function oneOf<const T extends [string, ...string[]]>(...choices: T): Value<T[number]> {
  const schema = z.string().refine((text): text is T[number] => choices.includes(text));
  return { schema: schema, must: `be one of ${choices.join(', ')}` };
}
