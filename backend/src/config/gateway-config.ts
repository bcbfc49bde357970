import type { JSONWebKeySet } from 'jose';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { isForeign } from './rules.js';
import type { CrashPlan } from '../lib/crash-points.js';
import { textsOf, type PartyTexts } from '../lib/party.js';
import { withoutTrailing } from '../lib/text.js';
import type { Quotas } from '../lib/quotas.js';
import type { SettingValues } from './settings.js';

/** Where rows go: a Supabase project, an own Postgres, or the Postgres inside the data directory. */
export type DatabaseMode = 'supabase' | 'postgres' | 'embedded';

/** All settings, read once at start and frozen. Durations and sizes carry their unit; paths are absolute. */
export interface GatewayConfig {
  readonly nodeEnv: 'development' | 'production' | 'test';
  readonly http: {
    readonly host: string;
    /** 0 = any free port. */
    readonly port: number;
    /** null = no key is asked for; then `host` is loopback. */
    readonly apiKey: string | null;
    /** Origins as browsers send them, or `*`. */
    readonly corsOrigins: readonly string[];
    readonly ratePerMinute: number;
    /** Per connection and owner. */
    readonly connectionRatePerMinute: number;
    /** Public keys of user tokens, or where they are; null = only `database.jwtSecret` signs them. */
    readonly jwks: JSONWebKeySet | URL | null;
    /** What user tokens must say of themselves; null = anything. */
    readonly jwtAudience: string | null;
    readonly jwtIssuer: string | null;
  };
  readonly realtime: {
    readonly enabled: boolean;
    /** Begins with a slash. */
    readonly path: string;
    readonly maxClients: number;
    /** Of one key, user, or the root key. */
    readonly maxClientsPerIdentity: number;
  };
  readonly auditRetentionMs: number;
  readonly database: {
    readonly mode: DatabaseMode;
    readonly supabaseUrl: string | null;
    readonly serviceRoleKey: string | null;
    readonly databaseUrl: string | null;
    readonly localPort: number;
    readonly anonKey: string | null;
    readonly jwtSecret: string | null;
    /** Pages that may call the local API. */
    readonly origins: readonly string[];
    /** Whether the local API's anon key may make users. */
    readonly localAuthSignup: boolean;
    /** The embedded one ends by itself so long after its gateway was killed. */
    readonly orphanMs: number;
  };
  readonly dataDir: string;
  readonly logDir: string;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly metricsAccess: 'local' | 'key' | 'public';
  readonly maxConnections: number;
  readonly quotas: Quotas;
  readonly reconnectDelayMs: number;
  /** Connections that may be logging in at the same time. */
  readonly loginsAtOnce: number;
  readonly watchdog: {
    readonly checkIntervalMs: number;
    readonly alertThreshold: number;
    readonly maxConsecutiveFailures: number;
    readonly autoReconnect: boolean;
    /** The process may exit for whoever restarts it. */
    readonly mayExit: boolean;
    readonly eventLoopStallMs: number;
  };
  readonly sessionEncryptionKey: string | null;
  /** An empty journal is taken for a new one, whatever shows that there was another. */
  readonly startWithoutJournal: boolean;
  /** Between two copies of credentials and keys; 0 = none are made. */
  readonly essentialsEveryMs: number;
  /** null = the gateway makes no backups of itself. */
  readonly backup: { readonly dir: string; readonly everyMs: number; readonly keep: number } | null;
  readonly journalMaxBytes: number;
  readonly sendExpiryMs: number;
  readonly scheduleMaxLateMs: number;
  readonly historyGapMs: number;
  readonly sendRatePerMinute: number;
  readonly orphanAgeMs: number;
  readonly media: {
    /** Largest file that is taken in or sent. */
    readonly maxBytes: number;
    /** Where files lie: a bucket of the Supabase project, or a folder of the data directory. */
    readonly storage: 'supabase' | 'disk';
    /** What `midia_url` begins with; empty = a path only. */
    readonly publicUrl: string;
    /** The program that makes voice messages out of other sounds. */
    readonly ffmpegPath: string;
    /** Where programs are looked for: the environment's `PATH`. */
    readonly searchPath: string;
  };
  /** `address` or `address/prefix`: private ranges that URLs given by users may lead to. */
  readonly outgoingPrivateAddresses: readonly string[];
  readonly defaultOwnerId: string;
  /** The text that it was made of; undefined for a UUID. */
  readonly defaultOwnerTexts: PartyTexts | undefined;
  /** Where new instances of users live. */
  readonly instanceDriver: 'baileys' | 'evolution';
  readonly evolution: {
    /** The server of connections that name none; null = each must name its own. Both or neither. */
    readonly url: string | null;
    readonly serverKey: string | null;
    readonly circuitResetMs: number;
    /** Proves an Evolution server at our webhooks; null = only the secrets of connections do. */
    readonly webhookSecret: string | null;
  };
  readonly whatsapp: {
    /** null = Meta's servers. */
    readonly wsUrl: string | null;
    /** 32 bytes; null = Meta's own root key. */
    readonly noiseRootKey: Buffer | null;
    /** `https://host[:port]` for all media; null = Meta's servers. */
    readonly mediaUrl: string | null;
    /** PEM file with the authority that signs that server's certificate; null = the system's. */
    readonly mediaCaFile: string | null;
    /** Sockets go to a server other than Meta's: warned about at start and shown in the status. */
    readonly foreign: boolean;
    /** A pinned WhatsApp Web version; null = the newest that is known. */
    readonly version: readonly [number, number, number] | null;
  };
  /** Where the process kills itself (crash tests); null everywhere else. */
  readonly crashAt: CrashPlan | null;
  /** What is allowed but worth saying once in the log. */
  readonly warnings: readonly string[];
}

function databaseMode(s: SettingValues): DatabaseMode {
  if (s.SUPABASE_URL !== null) return 'supabase';
  return s.DATABASE_URL !== null ? 'postgres' : 'embedded';
}

/** The rules refuse `waha`. */
function instanceDriver(s: SettingValues): 'baileys' | 'evolution' {
  if (s.INSTANCE_DRIVER === 'baileys' || s.INSTANCE_DRIVER === 'evolution') return s.INSTANCE_DRIVER;
  return s.EVOLUTION_API_URL === null ? 'baileys' : 'evolution';
}

/** Rows keep it for good, so behind a proxy or beyond this machine PUBLIC_URL has to say it. */
function publicUrl(s: SettingValues): string {
  if (s.PUBLIC_URL !== null) return withoutTrailing(s.PUBLIC_URL, '/');
  return s.PORT === 0 ? '' : `http://${s.HOST.includes(':') ? `[${s.HOST}]` : s.HOST}:${s.PORT}`;
}

/** Facts of the process beside its settings. */
export interface ConfigSurroundings {
  packageDir: string;
  warnings: string[];
  /** Whether a supervisor starts the process again. */
  supervised: boolean;
  /** `PATH` */
  searchPath: string;
}

/** Groups the settings as the parts of the gateway take them. Relative folders are resolved against `packageDir`. */
export function toGatewayConfig(
  s: SettingValues,
  { packageDir, warnings, supervised, searchPath }: ConfigSurroundings,
): GatewayConfig {
  return withHiddenSecrets({
    nodeEnv: s.NODE_ENV,
    http: {
      host: s.HOST,
      port: s.PORT,
      apiKey: s.API_KEY,
      corsOrigins: s.CORS_ORIGIN,
      ratePerMinute: s.HTTP_RATE_PER_MINUTE,
      connectionRatePerMinute: s.HTTP_CONNECTION_RATE_PER_MINUTE,
      jwks: s.SUPABASE_JWKS,
      jwtAudience: s.SUPABASE_JWT_AUDIENCE,
      jwtIssuer: s.SUPABASE_JWT_ISSUER,
    },
    realtime: {
      enabled: s.REALTIME_ENABLED,
      path: s.REALTIME_PATH,
      maxClients: s.REALTIME_MAX_CLIENTS,
      maxClientsPerIdentity: s.REALTIME_MAX_CLIENTS_PER_IDENTITY,
    },
    auditRetentionMs: s.AUDIT_RETENTION_MS,
    database: {
      mode: databaseMode(s),
      supabaseUrl: s.SUPABASE_URL,
      serviceRoleKey: s.SUPABASE_SERVICE_ROLE_KEY,
      databaseUrl: s.DATABASE_URL,
      localPort: s.SUPABASE_LOCAL_PORT,
      anonKey: s.SUPABASE_ANON_KEY,
      jwtSecret: s.SUPABASE_JWT_SECRET,
      origins: s.CORS_ORIGIN,
      localAuthSignup: s.LOCAL_AUTH_SIGNUP,
      orphanMs: s.EMBEDDED_DATABASE_ORPHAN_MS,
    },
    dataDir: resolve(packageDir, s.DATA_DIR),
    logDir: resolve(packageDir, s.LOG_DIR),
    logLevel: s.LOG_LEVEL,
    metricsAccess: s.METRICS_ACCESS,
    maxConnections: s.MAX_CONNECTIONS,
    quotas: {
      connections: s.MAX_CONNECTIONS_PER_OWNER,
      apiKeys: s.MAX_KEYS_PER_OWNER,
      webhooks: s.MAX_WEBHOOKS_PER_OWNER,
      templates: s.MAX_TEMPLATES_PER_OWNER,
      scheduled: s.MAX_SCHEDULED_PER_OWNER,
      uploads: s.MAX_UPLOADS_PER_OWNER,
    },
    reconnectDelayMs: s.RECONNECT_DELAY_MS,
    loginsAtOnce: s.LOGINS_AT_ONCE,
    watchdog: {
      checkIntervalMs: s.HEALTH_CHECK_INTERVAL_MS,
      alertThreshold: s.HEALTH_ALERT_THRESHOLD,
      maxConsecutiveFailures: s.HEALTH_MAX_FAILURES,
      autoReconnect: s.AUTO_RECONNECT,
      mayExit: s.EXIT_WHEN_BEYOND_REPAIR === 'always' || (s.EXIT_WHEN_BEYOND_REPAIR === 'auto' && supervised),
      eventLoopStallMs: s.EVENT_LOOP_STALL_MS,
    },
    sessionEncryptionKey: s.SESSION_ENCRYPTION_KEY,
    startWithoutJournal: s.START_WITHOUT_JOURNAL,
    essentialsEveryMs: s.ESSENTIALS_EVERY_MS,
    backup:
      s.BACKUP_DIR === null
        ? null
        : { dir: resolve(packageDir, s.BACKUP_DIR), everyMs: s.BACKUP_EVERY_MS, keep: s.BACKUP_KEEP },
    journalMaxBytes: s.JOURNAL_MAX_BYTES,
    sendExpiryMs: s.SEND_EXPIRY_MS,
    scheduleMaxLateMs: s.SCHEDULE_MAX_LATE_MS,
    historyGapMs: s.HISTORY_GAP_MS,
    sendRatePerMinute: s.SEND_RATE_PER_MINUTE,
    orphanAgeMs: s.ORPHAN_AGE_MS,
    media: {
      maxBytes: s.MEDIA_MAX_BYTES,
      storage: s.MEDIA_STORAGE ?? (databaseMode(s) === 'supabase' ? 'supabase' : 'disk'),
      publicUrl: publicUrl(s),
      ffmpegPath: s.FFMPEG_PATH,
      searchPath,
    },
    outgoingPrivateAddresses: s.OUTGOING_PRIVATE_ADDRESSES ?? [],
    defaultOwnerId: s.DEFAULT_OWNER_ID.id,
    defaultOwnerTexts: textsOf(s.DEFAULT_OWNER_ID),
    instanceDriver: instanceDriver(s),
    evolution: {
      url: s.EVOLUTION_API_URL,
      serverKey: s.EVOLUTION_API_KEY,
      circuitResetMs: s.EVOLUTION_CIRCUIT_RESET_MS,
      webhookSecret: s.EVOLUTION_WEBHOOK_SECRET,
    },
    whatsapp: {
      wsUrl: s.WHATSAPP_WS_URL,
      noiseRootKey: s.WHATSAPP_NOISE_ROOT_KEY,
      mediaUrl: s.WHATSAPP_MEDIA_URL,
      mediaCaFile: s.WHATSAPP_MEDIA_CA === null ? null : resolve(packageDir, s.WHATSAPP_MEDIA_CA),
      foreign: isForeign(s),
      version: s.WHATSAPP_VERSION,
    },
    crashAt: s.CRASH_AT,
    warnings,
  });
}

const SECRETS = new Set([
  ...[
    'apiKey',
    'serviceRoleKey',
    'databaseUrl',
    'anonKey',
    'jwtSecret',
    'sessionEncryptionKey',
    'webhookSecret',
    'serverKey',
  ],
]);

/** The whole object may land in a log line or a REPL by mistake: printed and stringified it shows no secret. */
function withHiddenSecrets(config: GatewayConfig): GatewayConfig {
  const printable = (): unknown =>
    JSON.parse(
      JSON.stringify({ ...config }, (key, value: unknown) =>
        SECRETS.has(key) && value !== null ? '[redacted]' : value,
      ),
    );
  Object.defineProperty(config, 'toJSON', { value: printable });
  Object.defineProperty(config, inspect.custom, { value: printable });
  return deepFreeze(config);
}

function deepFreeze<T extends object>(value: T): T {
  // A typed array cannot be frozen.
  if (ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object);
  return Object.freeze(value);
}
