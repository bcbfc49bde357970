import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { hostNameOf, isLoopback } from '../../lib/loopback.js';
import { resolveApiKey, verifyHs256 } from './api-key.js';
import type { ExposedNames } from './exposed.js';
import type { LocalKeys } from './keys.js';
import { matchEndpoint, type Endpoint } from './endpoints.js';
import { refusal, type Refusal } from './refusal.js';

/** Who asks: the holder of the service key, a user by token, or anybody who has the anon key. */
export type Caller = 'service' | 'user' | 'anon';

/** A request that may be read, for whom, and where it goes. */
export interface Admission extends Proof {
  endpoint: Endpoint;
}

/** The credentials that were checked here. The handler is handed these and no header as it came: two readers of one header may read it differently. */
interface Proof {
  caller: Caller;
  apikey: string | null;
  /** A JWT whose signature, time and role were checked; null = the key alone speaks. */
  token: string | null;
}

/** What the door is opened by. */
export interface FrontDoorRules {
  keys: LocalKeys;
  exposed: ExposedNames;
  /** Origins of pages that may call (CORS_ORIGIN), or `*`. */
  origins: readonly string[];
  /** Whether the anon key may make users (LOCAL_AUTH_SIGNUP). */
  signup: boolean;
  /** Whether the database has the roles that others than the service key act in. */
  users: boolean;
}

type Head = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** Roles that a user token may name; PostgREST takes a token without one for `anon`. */
const TOKEN_ROLES: Record<string, Caller> = { anon: 'anon', authenticated: 'user', service_role: 'service' };

/**
 * Judges a request by its head alone, before a byte of its body is read: Host, Origin, what it is about, key, token.
 * @returns why it is refused, or for whom it goes on
 */
export function judge({ method = 'GET', url = '/', headers }: Head, rules: FrontDoorRules): Refusal | Admission {
  const host = hostNameOf(headers.host);
  if (host === null || !isLoopback(host)) return refusal(403, 'This API serves localhost only.');
  if (!isAllowedOrigin(headers, rules.origins)) return refusal(403, 'This Origin is not in CORS_ORIGIN.');
  const target = targetOf(url);
  const endpoint = target && matchEndpoint(method, target, headers, rules);
  if (!endpoint) return refusal(404, 'There is no such path here: see docs/local-supabase-api.md.');
  if ('status' in endpoint) return endpoint;
  if (endpoint.open && (rules.users || endpoint.area === 'preflight')) {
    return { caller: 'anon', apikey: null, token: null, endpoint };
  }
  const key = headers['apikey'] ?? target.searchParams.get('apikey') ?? undefined;
  const proof = proofOf(typeof key === 'string' ? key : undefined, headers.authorization, rules.keys);
  if ('status' in proof) return proof;
  // Without the roles, what this API does it does as the owner of every table.
  if (!rules.users && (proof.caller !== 'service' || proof.token !== null)) return NO_ROLES;
  if (endpoint.serviceOnly && proof.caller !== 'service') return endpoint.serviceOnly;
  return { ...proof, endpoint };
}

const NO_ROLES = refusal(
  501,
  'The database has no roles anon, authenticated and service_role: only the service key is served (docs/own-postgres.md).',
);

/** CORS headers for a page that may call; none for anybody else. */
export function corsHeaders(headers: IncomingHttpHeaders, origins: readonly string[]): Record<string, string> {
  const { origin } = headers;
  if (origin === undefined || !isAllowedOrigin(headers, origins)) return {};
  return {
    'access-control-allow-origin': origins.includes('*') ? '*' : origin,
    'access-control-expose-headers': 'Content-Range, Content-Location, Preference-Applied, X-Sb-Error-Code',
    vary: 'Origin',
  };
}

export function isRefusal(judged: Refusal | Admission): judged is Refusal {
  return 'status' in judged;
}

function isAllowedOrigin(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin !== undefined) return origin === `http://${host}` || origins.includes(origin) || origins.includes('*');
  return headers['sec-fetch-site'] !== 'cross-site';
}

/** As the handler behind it will read it: `..` and the like are resolved first. Null for anything but a path. */
function targetOf(url: string): URL | null {
  const text = `http://127.0.0.1${url}`;
  return url.startsWith('/') && URL.canParse(text) ? new URL(text) : null;
}

function proofOf(key: string | undefined, authorization: string | undefined, keys: LocalKeys): Proof | Refusal {
  if (!key) {
    return unauthorized('No API key found in request', 'No `apikey` request header or url param was found.');
  }
  const resolved = resolveApiKey(key, keys);
  if (!resolved) return unauthorized('Invalid API key', 'Double check your Supabase `apikey`');
  const bearer = /^Bearer\s/i.test(authorization ?? '') ? authorization?.slice('Bearer '.length).trim() : undefined;
  // supabase-js sends its key as bearer too, until somebody signs in.
  if (bearer === undefined || bearer === key || bearer.startsWith('sb_')) {
    return { caller: resolved.type === 'secret' ? 'service' : 'anon', apikey: key, token: null };
  }
  const claims = verifyHs256(bearer, keys.jwtSecret);
  if (!claims) return tokenRefusal(bearer, keys.jwtSecret);
  const role = claims['role'] ?? 'anon';
  const caller = typeof role === 'string' && Object.hasOwn(TOKEN_ROLES, role) ? TOKEN_ROLES[role] : undefined;
  if (!caller) return refusal(403, 'The role of this token is none of anon, authenticated, service_role.', '42501');
  return { caller, apikey: key, token: bearer };
}

function unauthorized(message: string, hint: string): Refusal {
  return { status: 401, body: { message, hint }, headers: { 'www-authenticate': 'Bearer realm="supabase"' } };
}

function tokenRefusal(token: string, secret: string): Refusal {
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
  const isExpired = verifyHs256(token, secret, 0) !== null;
  return isExpired
    ? { ...refusal(401, 'JWT expired', 'PGRST303'), headers }
    : { ...refusal(401, 'The token is not valid: signed by another key, or no JWT.', 'PGRST301'), headers };
}
