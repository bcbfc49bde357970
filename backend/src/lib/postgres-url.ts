import { decoded, readHosts } from './postgres-hosts.js';
import { POSTGRES_PARAMETERS } from './postgres-parameters.js';

/** Modes of libpq, and `no-verify` of node-postgres. */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full' | 'no-verify';

/** A database as a connection URL names it, in terms of our own client. */
export interface PostgresAddress {
  /** In the order in which they are tried. */
  hosts: { name: string; port: number }[];
  /** Folder of a Unix socket, instead of hosts. */
  socketDir: string | null;
  /** null: that of the system, as in libpq. */
  user: string | null;
  password: string | null;
  /** null: the one that is named as the user, as in libpq. */
  database: string | null;
  /** null: not written; TLS where the server offers it, beyond this machine. */
  sslMode: SslMode | null;
  /** File with the certificates of those who may sign the server's; `system` = the public ones. */
  rootCertificate: string | null;
  clientCertificate: string | null;
  clientKey: string | null;
  clientKeyPassword: string | null;
  /** TLS from the first byte, without asking. */
  tlsFirst: boolean;
  /** Whether statements may be prepared; a pooler that changes the session per transaction loses them. */
  prepares: boolean;
  /** Connections at most; null: ours. */
  connectionLimit: number | null;
  connectTimeoutS: number;
  applicationName: string;
  /** Settings of the session, as `-c name=value`. */
  sessionOptions: string | null;
  mustTakeWrites: 'read-write' | 'primary' | null;
}

/** A connection URL, read. Neither list quotes a value: it may be a password. */
export interface ReadPostgresUrl {
  address: PostgresAddress;
  /** Why it cannot be used, ready for the operator; empty when it can. */
  problems: string[];
  /** Names of parameters that have no meaning here. */
  leftOut: string[];
}

const CONNECT_TIMEOUT_S = 10;
/** Scheme, user and password (up to the last `@` of the authority), hosts, database, parameters. */
const SHAPE = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** Whether a text could be meant as such a URL. */
export function looksLikePostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text);
}

/**
 * Reads a connection URL as libpq does (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING),
 * with the parameters that other clients add. Never throws.
 */
export function readPostgresUrl(text: string): ReadPostgresUrl {
  const read: ReadPostgresUrl = { address: emptyAddress(), problems: [], leftOut: [] };
  const parts = SHAPE.exec(text);
  if (!parts) {
    read.problems.push(
      'it must be of the form postgres://user:password@host:5432/database?parameters; write /, ?, #, @ and % in the user and the password as %2F, %3F, %23, %40 and %25',
    );
    return read;
  }
  const [, credentials = '', hosts = '', database = '', parameters = ''] = parts;
  const { address } = read;
  const colon = credentials.indexOf(':');
  address.user = decoded(colon < 0 ? credentials : credentials.slice(0, colon), 'user', read);
  address.password = colon < 0 ? null : decoded(credentials.slice(colon + 1), 'password', read);
  address.database = decoded(database, 'database', read);
  readHosts(hosts, read);
  readParameters(parameters, read);
  if (address.hosts.length === 0 && !address.socketDir) address.hosts.push({ name: 'localhost', port: 5432 });
  if (isSharedPooler(address)) address.prepares = false;
  return read;
}

function readParameters(text: string, read: ReadPostgresUrl): void {
  for (const pair of text.split('&').filter(Boolean)) {
    const at = pair.indexOf('=');
    const name = decoded(at < 0 ? pair : pair.slice(0, at), 'parameter', read) ?? '';
    const value = (at < 0 ? null : decoded(pair.slice(at + 1), name, read)) ?? '';
    const parameter = Object.hasOwn(POSTGRES_PARAMETERS, name) ? POSTGRES_PARAMETERS[name] : undefined;
    const outcome = parameter ? parameter(value, read) : 'left out';
    if (outcome === 'left out') read.leftOut.push(name.slice(0, 60));
    else if (outcome !== 'taken') read.problems.push(`its parameter ${name} must ${outcome.must}`);
  }
}

/** Supabase's pooler in transaction mode: the port is all that tells. */
function isSharedPooler({ hosts }: PostgresAddress): boolean {
  return hosts.some(({ name, port }) => port === 6543 && name.endsWith('.pooler.supabase.com'));
}

function emptyAddress(): PostgresAddress {
  return {
    hosts: [],
    socketDir: null,
    user: null,
    password: null,
    database: null,
    sslMode: null,
    rootCertificate: null,
    clientCertificate: null,
    clientKey: null,
    clientKeyPassword: null,
    tlsFirst: false,
    prepares: true,
    connectionLimit: null,
    connectTimeoutS: CONNECT_TIMEOUT_S,
    applicationName: 'sentinela',
    sessionOptions: null,
    mustTakeWrites: null,
  };
}
