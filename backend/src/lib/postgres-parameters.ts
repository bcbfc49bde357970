import { readHosts } from './postgres-hosts.js';
import type { PostgresAddress, ReadPostgresUrl, SslMode } from './postgres-url.js';

/** `left out`: it says something that has no meaning here, and the operator is told. */
type Outcome = 'taken' | 'left out' | { must: string };
type TextKey = Extract<
  keyof PostgresAddress,
  | 'user'
  | 'password'
  | 'database'
  | 'rootCertificate'
  | 'clientCertificate'
  | 'clientKey'
  | 'clientKeyPassword'
  | 'applicationName'
>;
type Parameter = (value: string, read: ReadPostgresUrl) => Outcome;

/** The local API answers within a minute of the start or not at all. */
const LONGEST_CONNECT_S = 50;

/** A parameter that only says what holds anyway with these values, and asks in vain with others. */
const heldAnyway =
  (...values: string[]): Parameter =>
  (value) =>
    values.includes(value) ? 'taken' : 'left out';

const text =
  (key: TextKey): Parameter =>
  (value, { address }) => {
    if (value !== '') address[key] = value;
    return 'taken';
  };

const withoutPrepared =
  (...values: string[]): Parameter =>
  (value, { address }) => {
    if (values.includes(value)) address.prepares = false;
    return 'taken';
  };

const MODES: Record<string, SslMode> = {
  disable: 'disable',
  allow: 'allow',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
  'no-verify': 'no-verify',
};
const SWITCHES: Record<string, SslMode> = { true: 'require', '1': 'require', false: 'disable', '0': 'disable' };
const ACCEPTED: Record<string, SslMode> = { strict: 'verify-full', accept_invalid_certs: 'no-verify' };

const sslMode =
  (modes: Record<string, SslMode>): Parameter =>
  (value, { address }) => {
    const mode = Object.hasOwn(modes, value) ? modes[value] : undefined;
    if (!mode) return { must: `be one of ${Object.keys(modes).join(', ')}` };
    address.sslMode = mode;
    return 'taken';
  };

/**
 * Parameters of connection URLs, as libpq, Prisma, node-postgres, JDBC, asyncpg and the consoles of hosts write them.
 * None is handed to the server but `application_name` and `options`: a server refuses a session for a name that it does
 * not know. Names that are not here are left out, and the operator is told.
 */
export const POSTGRES_PARAMETERS: Record<string, Parameter> = {
  // Where it is
  host: (value, read) => {
    readHosts(value, read);
    return 'taken';
  },
  hostaddr: (value, { address }) => {
    address.hosts = value.split(',').map((name, index) => ({ name, port: address.hosts[index]?.port ?? 5432 }));
    return 'taken';
  },
  port: (value, { address }) => {
    const ports = value.split(',').map(Number);
    if (!ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536))
      return { must: 'be a port number from 1 to 65535' };
    if (address.hosts.length === 0) address.hosts.push({ name: 'localhost', port: 5432 });
    address.hosts = address.hosts.map(({ name }, index) => ({ name, port: ports[index] ?? ports[0]! }));
    return 'taken';
  },
  user: text('user'),
  password: text('password'),
  dbname: text('database'),

  // TLS
  sslmode: sslMode(MODES),
  ssl: sslMode({ ...SWITCHES, ...MODES }),
  sslaccept: sslMode(ACCEPTED),
  sslrootcert: text('rootCertificate'),
  sslcert: text('clientCertificate'),
  sslkey: text('clientKey'),
  sslpassword: text('clientKeyPassword'),
  sslnegotiation: (value, { address }) => {
    if (value !== 'direct' && value !== 'postgres') return { must: 'be one of postgres, direct' };
    address.tlsFirst = value === 'direct';
    return 'taken';
  },
  // Our client signs in by SCRAM without binding it to the TLS session.
  channel_binding: heldAnyway('prefer', 'disable'),
  gssencmode: heldAnyway('prefer', 'disable'),
  uselibpqcompat: heldAnyway('true', 'false'),

  // Poolers
  pgbouncer: withoutPrepared('true', '1'),
  statement_cache_size: withoutPrepared('0'),
  prepared_statement_cache_size: withoutPrepared('0'),
  prepareThreshold: withoutPrepared('0'),
  prepare: withoutPrepared('false', '0'),
  prepared_statements: withoutPrepared('false'),
  connection_limit: (value, { address }) => {
    if (!/^[1-9]\d{0,4}$/.test(value)) return { must: 'be a positive integer' };
    address.connectionLimit = Number(value);
    return 'taken';
  },

  // The session
  application_name: text('applicationName'),
  fallback_application_name: (value, { address }) => {
    if (value && address.applicationName === 'sentinela') address.applicationName = value;
    return 'taken';
  },
  connect_timeout: (value, { address }) => {
    if (!/^\d{1,6}$/.test(value)) return { must: 'be a number of seconds' };
    const seconds = Number(value);
    address.connectTimeoutS = seconds === 0 ? LONGEST_CONNECT_S : Math.min(seconds, LONGEST_CONNECT_S);
    return 'taken';
  },
  options: (value, { address, leftOut }) => {
    const kept = value.replace(SEARCH_PATH, ' ').trim();
    if (kept !== value.trim()) leftOut.push('search_path in options');
    address.sessionOptions = kept || null;
    return 'taken';
  },
  target_session_attrs: (value, { address }) => {
    if (value === 'any') return 'taken';
    // A gateway that may only read is none.
    if (['read-only', 'standby', 'prefer-standby'].includes(value)) return 'left out';
    if (value !== 'read-write' && value !== 'primary') return { must: 'be one of any, read-write, primary' };
    address.mustTakeWrites = value;
    return 'taken';
  },
  // The tables are in `public`, whatever else the database holds.
  schema: heldAnyway('public'),
  currentSchema: heldAnyway('public'),
  search_path: heldAnyway('public'),
};

const SEARCH_PATH = /(?:^|\s)(?:-c\s*|--)search_path=(?:\\.|[^\s\\])*/g;
