import { isAbsolute, relative, resolve, sep } from 'node:path';
import { isLoopback } from '../lib/loopback.js';
import { readPostgresUrl } from '../lib/postgres-url.js';
import { PACKAGE_DIR } from '../lib/package-dir.js';
import type { SettingValues } from './settings.js';
import { roleOfKey } from './supabase-key.js';

function isWithin(outer: string, inner: string): boolean {
  const way = relative(resolve(PACKAGE_DIR, outer), resolve(PACKAGE_DIR, inner));
  return !isAbsolute(way) && way.split(sep)[0] !== '..';
}

/** What no single setting can tell: `broken` returns the sentence for the operator, or null when all is well. */
export type Rule = (settings: SettingValues) => string | null;

/** Sockets or media leave Meta's servers as soon as one of the three is set. */
export function isForeign(settings: SettingValues): boolean {
  const { WHATSAPP_WS_URL, WHATSAPP_NOISE_ROOT_KEY, WHATSAPP_MEDIA_URL } = settings;
  return [WHATSAPP_WS_URL, WHATSAPP_NOISE_ROOT_KEY, WHATSAPP_MEDIA_URL].some((each) => each !== null);
}

/** The start is refused with every sentence that these rows yield. */
export const RULES: Record<string, Rule> = {
  'a Supabase project needs its key': (s) =>
    s.SUPABASE_URL !== null && s.SUPABASE_SERVICE_ROLE_KEY === null
      ? 'SUPABASE_SERVICE_ROLE_KEY must be set when SUPABASE_URL is (it is in the project settings, API keys)'
      : null,

  // Everything would start, and every read would be empty and every write refused.
  'the service key is one of the service role': (s) => {
    const role = roleOfKey(s.SUPABASE_SERVICE_ROLE_KEY);
    return role !== null && role !== 'service_role'
      ? `SUPABASE_SERVICE_ROLE_KEY must be a key of the role service_role (got one of ${role}): take the service_role or secret key (sb_secret_…) of the project settings, API keys`
      : null;
  },

  // It is given to browsers.
  'the anon key is none of the service role': (s) =>
    roleOfKey(s.SUPABASE_ANON_KEY) === 'service_role'
      ? 'SUPABASE_ANON_KEY must be a key for browsers (got one of service_role, which may read and change everything)'
      : null,

  'the database URL can be used': (s) => {
    const { problems } = readPostgresUrl(s.DATABASE_URL ?? 'postgres://');
    return problems.length > 0 ? `DATABASE_URL is not usable: ${problems.join('; ')}` : null;
  },

  // An open port without a key hands every conversation to the network it is on.
  'beyond loopback needs a key': (s) =>
    !isLoopback(s.HOST) && s.API_KEY === null
      ? `API_KEY must be set when HOST is not loopback (got HOST "${s.HOST}"); or set HOST=127.0.0.1`
      : null,

  // Without a key the Origin is all that keeps a web page in the operator's browser out.
  'any origin needs a key': (s) =>
    s.CORS_ORIGIN.includes('*') && s.API_KEY === null
      ? 'CORS_ORIGIN must be a list of origins while API_KEY is unset (got "*")'
      : null,

  // With one alone every handshake would fail, and the reason would be hard to see.
  'a foreign server has a URL and a key': (s) => {
    if (s.WHATSAPP_WS_URL !== null && s.WHATSAPP_NOISE_ROOT_KEY === null)
      return 'WHATSAPP_NOISE_ROOT_KEY must be set when WHATSAPP_WS_URL is';
    if (s.WHATSAPP_WS_URL === null && s.WHATSAPP_NOISE_ROOT_KEY !== null)
      return 'WHATSAPP_WS_URL must be set when WHATSAPP_NOISE_ROOT_KEY is';
    return null;
  },

  'an Evolution server has a URL and a key': (s) => {
    if (s.EVOLUTION_API_URL !== null && s.EVOLUTION_API_KEY === null)
      return 'EVOLUTION_API_KEY must be set when EVOLUTION_API_URL is (AUTHENTICATION_API_KEY of that server)';
    if (s.EVOLUTION_API_URL === null && s.EVOLUTION_API_KEY !== null)
      return 'EVOLUTION_API_URL must be set when EVOLUTION_API_KEY is';
    return null;
  },

  'new instances have a driver that is there': (s) => {
    if (s.INSTANCE_DRIVER === 'waha')
      return 'INSTANCE_DRIVER must be baileys or evolution (got "waha"): this gateway has no WAHA driver yet';
    if (s.INSTANCE_DRIVER === 'evolution' && s.EVOLUTION_API_URL === null)
      return 'EVOLUTION_API_URL must be set when INSTANCE_DRIVER is evolution; or set INSTANCE_DRIVER=baileys';
    return null;
  },

  'production talks to WhatsApp': (s) =>
    s.NODE_ENV === 'production' && isForeign(s) && !s.ALLOW_FOREIGN_WHATSAPP_SERVER
      ? 'ALLOW_FOREIGN_WHATSAPP_SERVER must be true when NODE_ENV is production and WHATSAPP_WS_URL or WHATSAPP_MEDIA_URL is set; or unset them'
      : null,

  // A copy of DATA_DIR would hold every backup, and a lost disk takes both.
  'backups are not in the data directory': (s) =>
    s.BACKUP_DIR !== null && isWithin(s.DATA_DIR, s.BACKUP_DIR)
      ? `BACKUP_DIR must not be in DATA_DIR (got BACKUP_DIR "${s.BACKUP_DIR}", DATA_DIR "${s.DATA_DIR}"): take a folder beside it, best on another disk`
      : null,

  'production does not kill itself': (s) =>
    s.NODE_ENV === 'production' && s.CRASH_AT !== null
      ? 'CRASH_AT must be unset when NODE_ENV is production: it is for crash tests'
      : null,
};

/** The start goes on, and the log says these. */
export const WARNINGS: Record<string, Rule> = {
  'not WhatsApp': (s) =>
    isForeign(s)
      ? `NOT CONNECTED TO WHATSAPP: sockets go to ${s.WHATSAPP_WS_URL} (WHATSAPP_WS_URL), media to ${s.WHATSAPP_MEDIA_URL} (WHATSAPP_MEDIA_URL)`
      : null,

  'armed to crash': (s) =>
    s.CRASH_AT !== null
      ? `THE PROCESS WILL KILL ITSELF at ${s.CRASH_AT.point}, time ${s.CRASH_AT.nth} (CRASH_AT)`
      : null,

  'tokens of others': (s) =>
    (s.SUPABASE_JWKS !== null || s.SUPABASE_JWT_SECRET !== null) &&
    (s.SUPABASE_JWT_AUDIENCE === null || s.SUPABASE_JWT_ISSUER === null)
      ? 'SUPABASE_JWT_AUDIENCE or SUPABASE_JWT_ISSUER is unset: user tokens that other programs sign with the same key are taken'
      : null,

  'two databases': (s) =>
    s.SUPABASE_URL !== null && s.DATABASE_URL !== null ? 'DATABASE_URL is ignored because SUPABASE_URL is set' : null,

  'parameters of other programs': (s) => {
    const { leftOut } = readPostgresUrl(s.DATABASE_URL ?? 'postgres://');
    return leftOut.length > 0
      ? `DATABASE_URL: left out what has no meaning for this gateway: ${leftOut.join(', ')} (docs/own-postgres.md)`
      : null;
  },

  // It keeps out who listens, not who answers in its place.
  'a database that anybody may answer for': (s) => {
    const { sslMode, rootCertificate, hosts, socketDir } = readPostgresUrl(s.DATABASE_URL ?? 'postgres://').address;
    const isFar = !socketDir && hosts.some(({ name }) => !isLoopback(name));
    return isFar && sslMode === 'require' && !rootCertificate
      ? "DATABASE_URL: sslmode=require encrypts, but does not check the server's certificate: verify-full does"
      : null;
  },

  'credentials in the clear': (s) =>
    s.NODE_ENV === 'production' && s.SESSION_ENCRYPTION_KEY === null
      ? 'SESSION_ENCRYPTION_KEY is unset: WhatsApp credentials lie unsealed in DATA_DIR'
      : null,
};
