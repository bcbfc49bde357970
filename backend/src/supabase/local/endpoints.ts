import type { IncomingHttpHeaders } from 'node:http';
import type { ExposedNames } from './exposed.js';
import { refusal, type Refusal } from './refusal.js';

/** Something that the local API serves. */
export interface Endpoint {
  area: 'rest' | 'auth' | 'preflight';
  /** Needs no key: tells nothing. */
  open?: true;
  /** Only the service key opens it; the reason for everybody else. */
  serviceOnly?: Refusal;
  /** Each call costs the hash of a password: counted. */
  hashesPassword?: true;
}

/** A row of the list of what Supabase Auth's clients may call here. */
interface AuthEndpoint {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  grants?: readonly string[];
  endpoint: Omit<Endpoint, 'area'>;
}

const SIGNUP_OFF = authRefusal(
  422,
  'signup_disabled',
  'Signups not allowed for this instance: set LOCAL_AUTH_SIGNUP=true, or call it with the service-role key.',
);

/** What is not in this list is answered 404: it would need mails, providers or an admin interface, which are not here. */
const AUTH: readonly AuthEndpoint[] = [
  { method: 'POST', path: 'signup', endpoint: { serviceOnly: SIGNUP_OFF, hashesPassword: true } },
  { method: 'POST', path: 'token', grants: ['password'], endpoint: { hashesPassword: true } },
  { method: 'POST', path: 'token', grants: ['refresh_token'], endpoint: {} },
  { method: 'GET', path: 'user', endpoint: {} },
  { method: 'PUT', path: 'user', endpoint: { hashesPassword: true } },
  { method: 'POST', path: 'logout', endpoint: {} },
  { method: 'GET', path: 'settings', endpoint: {} },
  { method: 'GET', path: 'health', endpoint: {} },
  { method: 'GET', path: '.well-known/jwks.json', endpoint: {} },
];

const REST_METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS']);

/** @returns what is served under this address, why it is not, or null when there is no such thing */
export function matchEndpoint(
  method: string,
  { pathname, searchParams }: URL,
  headers: IncomingHttpHeaders,
  rules: { exposed: ExposedNames; signup: boolean },
): Endpoint | Refusal | null {
  const [, area, path = ''] = /^\/(rest|auth|storage|functions|graphql|realtime)\/v1\/(.*)$/.exec(pathname) ?? [];
  if (!area) return null;
  if (method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
    return { area: 'preflight', open: true };
  }
  if (area === 'rest') return restEndpoint(method, path, headers, rules.exposed);
  if (area === 'auth') return authEndpoint(method, path, searchParams, rules.signup);
  return NOT_HERE[area] ?? null;
}

/** Parts of Supabase that do not exist here, and where to turn instead. */
const NOT_HERE: Record<string, Refusal> = {
  storage: {
    status: 501,
    body: {
      statusCode: '501',
      error: 'not_implemented',
      message: 'There is no Storage here: files of messages are at /api/whatsapp-integration/messages/:id/media.',
    },
  },
  functions: refusal(501, 'There are no Edge Functions here.'),
  graphql: refusal(501, 'There is no GraphQL here.'),
  realtime: refusal(501, 'There is no Supabase Realtime here: use the WebSocket of the gateway (docs/websocket.md).'),
};

function restEndpoint(
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
  { tables, functions }: ExposedNames,
): Endpoint | Refusal {
  const profile = headers['content-profile'] ?? headers['accept-profile'] ?? 'public';
  if (profile !== 'public') return refusal(406, 'Only the schema public is exposed.', 'PGRST106');
  const [, isFunction, name = ''] = /^(rpc\/)?(\w+)$/.exec(path) ?? [];
  if (!REST_METHODS.has(method)) return refusal(405, 'This method is not served.', 'PGRST117');
  if (isFunction ? functions.has(name) : tables.has(name)) return { area: 'rest' };
  return isFunction
    ? refusal(404, 'The function is not exposed: see docs/local-supabase-api.md.', 'PGRST202')
    : refusal(404, 'The table is not exposed: see docs/local-supabase-api.md.', 'PGRST205');
}

function authEndpoint(method: string, path: string, query: URLSearchParams, signup: boolean): Endpoint | Refusal {
  const row = AUTH.find(
    (each) =>
      each.method === method &&
      each.path === path &&
      (each.grants === undefined || each.grants.includes(query.get('grant_type') ?? '')),
  );
  // Not 501: supabase-js takes that for a failure of the network and hides why.
  if (!row) return authRefusal(404, 'not_supported', 'This part of Supabase Auth is not available here.');
  const { serviceOnly, ...endpoint } = row.endpoint;
  return { area: 'auth', ...endpoint, ...(serviceOnly && !signup ? { serviceOnly } : {}) };
}

/** In the shape that supabase-js reads errors of Auth from. */
export function authRefusal(status: number, code: string, message: string): Refusal {
  return { status, body: { code: status, error_code: code, msg: message, message } };
}
