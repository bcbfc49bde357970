import * as value from './values.js';
import type { Value } from './values.js';

/** One environment variable: how it is read, what it is when unset, and the sentence for the README. */
export interface Setting<T> extends Value<T> {
  /** The text that is read when the variable is unset or empty; null = it stays null. */
  fallback: string | null;
  doc: string;
  secret: boolean;
  /** The name that another system has for it, and how its texts become ours. It counts while this one is unset. */
  alias?: { name: string; read: (text: string) => string };
}

type Maybe<T> = Setting<T | null>;

function always<T>(kind: Value<T>, fallback: string, doc: string): Setting<T> {
  return { ...kind, fallback, doc, secret: false };
}
function maybe<T>(kind: Value<T>, doc: string): Maybe<T> {
  return { ...kind, fallback: null, doc, secret: false };
}
function secret<T>(kind: Value<T>, doc: string): Maybe<T> {
  return { ...maybe(kind, doc), secret: true };
}

function orElse<T>(setting: Setting<T>, name: string, read: (text: string) => string): Setting<T> {
  return { ...setting, doc: `${setting.doc} Also \`${name}\`.`, alias: { name, read } };
}

/** Every setting there is. The schema, the README's table and `.env.supabase.example` all come from these rows. */
export const SETTINGS = {
  NODE_ENV: always(
    value.oneOf('development', 'production', 'test'),
    'development',
    '`production` refuses a foreign WhatsApp server and keeps the terminal quiet.',
  ),

  HOST: always(value.hostName, '127.0.0.1', 'Address to listen on. Beyond loopback `API_KEY` is needed.'),
  PORT: always(value.port, '3001', 'Port of the HTTP API; 0 takes a free one.'),
  API_KEY: secret(
    value.secretText,
    'The root key, sent as `Authorization: Bearer …` or `x-api-key`; 16 characters or more. It makes the other keys.',
  ),
  CORS_ORIGIN: orElse(
    always(
      value.origins,
      'http://localhost:5173',
      'Web origins that may call the API, separated by commas. `*` only with `API_KEY`.',
    ),
    'FRONTEND_URL',
    value.originsOfPages,
  ),
  PUBLIC_URL: orElse(
    maybe(
      value.httpUrl,
      'Where callers reach this gateway; `midia_url` of rows begins with it. Unset: `http://HOST:PORT`.',
    ),
    'WEBHOOK_URL',
    value.withoutWebhookPath,
  ),
  HTTP_RATE_PER_MINUTE: always(
    value.positiveInteger,
    '6000',
    'Requests a minute per key (per address without one); more are answered 429.',
  ),
  HTTP_CONNECTION_RATE_PER_MINUTE: always(
    value.positiveInteger,
    '3000',
    "Requests a minute that concern one connection, over all of its owner's keys; more are answered 429.",
  ),

  REALTIME_ENABLED: always(
    value.flag,
    'true',
    'Whether clients may listen by WebSocket (socket.io), at the same port.',
  ),
  REALTIME_PATH: always(value.urlPath, '/socket.io', 'Where they connect; `path` of the socket.io client.'),
  REALTIME_MAX_CLIENTS: always(
    value.positiveInteger,
    '2000',
    'WebSocket clients that are signed in at once; the root key always gets in.',
  ),
  REALTIME_MAX_CLIENTS_PER_IDENTITY: always(
    value.positiveInteger,
    '100',
    'WebSocket clients at once with one key, or of one user.',
  ),
  AUDIT_RETENTION_MS: always(
    value.positiveInteger,
    '15552000000',
    'How long `whatsapp_auditoria` says who did what (180 days); older rows are removed.',
  ),

  SUPABASE_URL: maybe(
    value.httpUrl,
    'Supabase project to write to, such as `https://abc.supabase.co`. Unset: see `DATABASE_URL`.',
  ),
  SUPABASE_SERVICE_ROLE_KEY: secret(
    value.secretText,
    'Service-role key of that project. Without `SUPABASE_URL`: the key of the local API, made and kept when unset.',
  ),
  DATABASE_URL: secret(
    value.postgresUrl,
    'Own Postgres, such as `postgres://user:password@host/db`. Unset too: a Postgres inside `DATA_DIR`.',
  ),
  SUPABASE_LOCAL_PORT: always(
    value.port,
    '54321',
    'Port on 127.0.0.1 of the Supabase-compatible API over an own or embedded Postgres.',
  ),
  EMBEDDED_DATABASE_ORPHAN_MS: always(
    value.milliseconds,
    '600000',
    'The Postgres inside `DATA_DIR` ends by itself this long after its gateway was killed (10 min), unless a gateway is back by then.',
  ),
  LOCAL_AUTH_SIGNUP: always(
    value.flag,
    'false',
    'Whether whoever has the anon key may sign up at the local API, and so become a user of this gateway.',
  ),
  SUPABASE_ANON_KEY: secret(value.secretText, "The local API's key for browsers; made and kept when unset."),
  SUPABASE_JWT_SECRET: secret(value.secretText, 'Secret that signs the user tokens of the local API (HS256).'),
  SUPABASE_JWKS: maybe(
    value.jwks,
    'Public keys of user tokens (ES256, RS256, EdDSA): the JWKS itself, or its URL, such as `https://abc.supabase.co/auth/v1/.well-known/jwks.json`.',
  ),
  SUPABASE_JWT_AUDIENCE: maybe(
    value.claim,
    'The `aud` that user tokens must have (Supabase: `authenticated`). Unset: not checked.',
  ),
  SUPABASE_JWT_ISSUER: maybe(
    value.claim,
    'The `iss` that user tokens must have, such as `https://abc.supabase.co/auth/v1`. Unset: not checked, so a token that another program signs with the same key counts.',
  ),
  DEFAULT_OWNER_ID: always(
    value.party,
    '00000000-0000-0000-0000-000000000001',
    'Owner of connections that are created without `ownerId`: a UUID, or another text, which stands for a UUID of its own.',
  ),

  DATA_DIR: always(
    value.folder,
    'sessions',
    'Journal, WhatsApp credentials and embedded database. Relative to the package folder.',
  ),
  SESSION_ENCRYPTION_KEY: secret(
    value.secretText,
    'Seals the journal, the WhatsApp credentials and new files in `DATA_DIR/media`. Once set it must stay the same.',
  ),
  START_WITHOUT_JOURNAL: always(
    value.flag,
    'false',
    'Begins with an empty journal where `DATA_DIR` or the database shows that there was one. Every number must be paired again: for one start, after a loss.',
  ),
  JOURNAL_MAX_BYTES: always(
    value.bytes,
    '2147483648',
    'Disk budget of the journal. When it is used up the sockets are closed rather than a message dropped.',
  ),
  ESSENTIALS_EVERY_MS: always(
    value.millisecondsOrNone,
    '300000',
    'How often credentials, keys, connections and webhooks are copied to `DATA_DIR/essentials` when they have changed (5 min), for `npm run restore -- --essentials` after a damage; 0: never.',
  ),
  BACKUP_DIR: maybe(
    value.folder,
    'Folder, best on another disk, where the gateway puts a backup of itself by schedule, as `npm run backup` makes it. Not in `DATA_DIR`. Unset: none.',
  ),
  BACKUP_EVERY_MS: always(value.milliseconds, '86400000', 'How often it does (24 h).'),
  BACKUP_KEEP: always(
    value.positiveInteger,
    '7',
    'How many of these backups are kept; older ones go after a good new one.',
  ),
  LOG_DIR: always(value.folder, 'logs', 'Where `combined.log` and `error.log` are. Relative to the package folder.'),
  LOG_LEVEL: always(value.oneOf('error', 'warn', 'info', 'debug'), 'info', 'The least important level that is logged.'),
  METRICS_ACCESS: always(
    value.oneOf('local', 'key', 'public'),
    'local',
    'Who may read `/metrics`: programs on this machine and whoever has the key, only whoever has the key, or everybody who reaches the port (`public`).',
  ),

  MAX_CONNECTIONS: always(value.positiveInteger, '10', 'WhatsApp connections that may exist at once.'),
  MAX_CONNECTIONS_PER_OWNER: always(
    value.positiveInteger,
    '100',
    'Connections of one owner, made with its keys and user tokens; the root key is only bound by `MAX_CONNECTIONS`.',
  ),
  MAX_KEYS_PER_OWNER: always(value.positiveInteger, '1000', 'API keys of one owner that are not revoked.'),
  MAX_WEBHOOKS_PER_OWNER: always(
    value.positiveInteger,
    '100',
    'Webhooks of one owner (500 in all), made with its keys and user tokens.',
  ),
  MAX_TEMPLATES_PER_OWNER: always(value.positiveInteger, '1000', 'Templates of one owner.'),
  MAX_SCHEDULED_PER_OWNER: always(
    value.positiveInteger,
    '50000',
    'Scheduled messages of one owner that wait, over all of its connections (10000 for each).',
  ),
  MAX_UPLOADS_PER_OWNER: always(
    value.positiveInteger,
    '50',
    'Files that one owner sends to the gateway at the same time as forms, with its keys and user tokens.',
  ),
  RECONNECT_DELAY_MS: always(value.milliseconds, '1000', 'Base of the exponential backoff between reconnects.'),
  LOGINS_AT_ONCE: always(
    value.positiveInteger,
    '20',
    'Connections that may be logging in at the same time, at start and when the network is back. WhatsApp limits logins, and each one costs CPU.',
  ),
  HEALTH_CHECK_INTERVAL_MS: always(value.milliseconds, '60000', 'How often the connections are probed.'),
  HEALTH_ALERT_THRESHOLD: always(
    value.positiveInteger,
    '2',
    'Failed health checks in a row before people are told about a connection.',
  ),
  HEALTH_MAX_FAILURES: always(
    value.positiveInteger,
    '3',
    'Failed health checks in a row before a waiting connection is tried again at once.',
  ),
  AUTO_RECONNECT: always(
    value.flag,
    'true',
    'Whether the watchdog reconnects what it finds dead; `false`: it only tells. Plain closes are always retried.',
  ),
  EXIT_WHEN_BEYOND_REPAIR: always(
    value.oneOf('auto', 'always', 'never'),
    'auto',
    'Whether the process exits when its event loop or journal is beyond repair (once in 6 h). `auto`: under systemd, PM2, Kubernetes, or as process 1.',
  ),
  EVENT_LOOP_STALL_MS: always(
    value.milliseconds,
    '60000',
    'An event loop that stands still for so long is beyond repair.',
  ),
  ORPHAN_AGE_MS: always(
    value.positiveInteger,
    '604800000',
    'A connection without credentials, or credentials without a connection, is reported and removed after this long (7 days).',
  ),
  SEND_EXPIRY_MS: always(
    value.positiveInteger,
    '86400000',
    'A message that WhatsApp has not accepted by then ends as `ERRO` `EXPIRED` (24 h).',
  ),
  SCHEDULE_MAX_LATE_MS: always(
    value.positiveInteger,
    '3600000',
    'A scheduled message that could not go out by so long after its time ends as `EXPIRADA` (1 h).',
  ),
  HISTORY_GAP_MS: always(
    value.positiveInteger,
    '86400000',
    'After a connection was away for so long its phone is asked for what may have been missed (24 h).',
  ),
  SEND_RATE_PER_MINUTE: always(value.positiveInteger, '60', 'Messages a minute that one connection sends at most.'),
  MEDIA_MAX_BYTES: always(value.bytes, '104857600', 'Largest media file that is taken in or sent.'),
  MEDIA_STORAGE: maybe(
    value.oneOf('supabase', 'disk'),
    'Where files lie: `supabase` (private bucket `whatsapp-midia`) or `disk` (`DATA_DIR/media`). Unset: the bucket with `SUPABASE_URL`, else the disk.',
  ),
  FFMPEG_PATH: always(
    value.folder,
    'ffmpeg',
    'The program that makes voice messages (Ogg Opus) of other sounds, previews of videos and moving GIFs. Without it these go without, and other sounds are refused as voice.',
  ),
  OUTGOING_PRIVATE_ADDRESSES: maybe(
    value.addressRanges,
    'Private addresses that webhooks, media URLs and proxies of connections may lead to, such as `127.0.0.1,192.168.1.0/24`. Unset: only the public internet.',
  ),

  EVOLUTION_API_URL: maybe(
    value.httpUrl,
    'Evolution API server (v2) for connections with `driver: "evolution"`; a private address is allowed here. With `EVOLUTION_API_KEY`.',
  ),
  EVOLUTION_API_KEY: secret(value.foreignKey, "That server's global API key (`AUTHENTICATION_API_KEY`)."),
  INSTANCE_DRIVER: maybe(
    value.oneOf('baileys', 'evolution', 'waha'),
    'Where `POST /api/whatsapp/connect` puts new instances: `baileys` (this process) or `evolution` (`EVOLUTION_API_URL`); `waha` is refused, there is no such driver yet. Unset: `evolution` with `EVOLUTION_API_URL`, else `baileys`.',
  ),
  EVOLUTION_CIRCUIT_RESET_MS: always(
    value.milliseconds,
    '60000',
    'After five failures in a row an Evolution server is left alone for so long; then one call tries it.',
  ),
  EVOLUTION_WEBHOOK_SECRET: secret(
    value.secretText,
    'What Evolution API servers prove themselves with at `/api/webhook/…`: the `jwt_key` of their webhook, or sent in the header `x-webhook-secret` or the path. Unset: only connections with a secret of their own are taken.',
  ),

  WHATSAPP_VERSION: maybe(value.whatsappVersion, 'Pins the WhatsApp Web version, such as `2.3000.1023456789`.'),
  WHATSAPP_WS_URL: maybe(
    value.webSocketUrl,
    "A WhatsApp server other than Meta's (the simulator). With `WHATSAPP_NOISE_ROOT_KEY`.",
  ),
  WHATSAPP_NOISE_ROOT_KEY: maybe(
    value.hexKey32,
    "Public key that signs that server's certificate chain: 64 hex digits.",
  ),
  WHATSAPP_MEDIA_URL: maybe(
    value.httpsUrl,
    "Media servers other than Meta's, such as `https://127.0.0.1:7412` (the simulator's).",
  ),
  WHATSAPP_MEDIA_CA: maybe(value.folder, 'PEM file with the authority that signs the certificate of that server.'),
  ALLOW_FOREIGN_WHATSAPP_SERVER: always(value.flag, 'false', 'Lets the ones above through with `NODE_ENV=production`.'),

  CRASH_AT: maybe(
    value.crashPlan,
    'For crash tests only, refused in production: where the process kills itself, such as `after:journal:17` (the 17th time).',
  ),
} satisfies Record<string, Setting<never> | Setting<unknown>>;

export type SettingKey = keyof typeof SETTINGS;
export type SettingValues = {
  [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};
