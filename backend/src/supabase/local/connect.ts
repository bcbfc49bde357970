import { readFileSync } from 'node:fs';
import { checkServerIdentity, type PeerCertificate, type TlsOptions } from 'node:tls';
import type postgres from 'postgres';
import { GatewayError } from '../../lib/errors.js';
import { isLoopback } from '../../lib/loopback.js';
import { type PostgresAddress, readPostgresUrl, type SslMode } from '../../lib/postgres-url.js';
import type { ClusterAddress } from './cluster.js';

type Options = postgres.Options<Record<string, postgres.PostgresType>>;

/** By default it waits longer after each failure, up to 20 s, and every request waits along: reads time out instead of
 *  saying at once that the database is away, and it stays away for us long after it is back. Who asks has its own backoff. */
const RECONNECT_S = 0.1;

/**
 * Connection options of a database that is named by URL or by socket. The client is never given the URL itself: it reads
 * fewer forms than libpq, and hands parameters that it does not know to the server, which then refuses the session.
 * @throws GatewayError `BAD_CONFIGURATION`: the URL, or a certificate that it names
 */
export function connectOptions(database: string | ClusterAddress): { url: ''; options: Options } {
  const common = { onnotice: () => undefined, connect_timeout: 10, backoff: () => RECONNECT_S };
  if (typeof database === 'string') return { url: '', options: { ...common, ...optionsOf(addressIn(database)) } };
  const { socketDir, port, database: name = 'postgres' } = database;
  return {
    url: '',
    options: { ...common, path: `${socketDir}/.s.PGSQL.${port}`, user: 'postgres', database: name },
  };
}

function addressIn(url: string): PostgresAddress {
  const { address, problems } = readPostgresUrl(url);
  if (problems.length === 0) return address;
  throw new GatewayError('BAD_CONFIGURATION', `DATABASE_URL is not usable: ${problems.join('; ')}`);
}

function optionsOf(address: PostgresAddress): Options {
  const { hosts, socketDir, user, password, database, sessionOptions, mustTakeWrites } = address;
  const place = socketDir
    ? { path: `${socketDir}/.s.PGSQL.${hosts[0]?.port ?? 5432}`, ssl: false as const }
    : { host: hosts.map(({ name }) => name), port: hosts.map(({ port }) => port), ssl: tlsOf(address) };
  const options = {
    ...place,
    ...(user === null ? {} : { user }),
    ...(password === null ? {} : { password }),
    ...(database === null ? {} : { database }),
    ...(address.tlsFirst && place.ssl ? { sslnegotiation: 'direct' } : {}),
    ...(mustTakeWrites === null ? {} : { target_session_attrs: mustTakeWrites }),
    prepare: address.prepares,
    connect_timeout: address.connectTimeoutS,
    connection: {
      application_name: address.applicationName,
      ...(sessionOptions === null ? {} : { options: sessionOptions }),
    },
  };
  // The types know one host only; several are taken as well.
  return options as Options;
}

/** How the server's certificate is looked at. `none`: no TLS; `asked`: TLS only where the server offers it. */
const CHECKS: Record<SslMode, 'none' | 'asked' | 'unchecked' | 'signer' | 'signer and name'> = {
  disable: 'none',
  // libpq would try without TLS first; nobody is worse off with it.
  allow: 'asked',
  prefer: 'asked',
  require: 'unchecked',
  'no-verify': 'unchecked',
  'verify-ca': 'signer',
  'verify-full': 'signer and name',
};

function tlsOf(address: PostgresAddress): Options['ssl'] {
  const check = checkOf(address);
  if (check === 'none') return false;
  if (check === 'asked') return 'prefer';
  const { clientCertificate, clientKey, clientKeyPassword, rootCertificate } = address;
  const own: TlsOptions = {
    ...(clientCertificate && clientKey
      ? { cert: certificate('sslcert', clientCertificate), key: certificate('sslkey', clientKey) }
      : {}),
    ...(clientKeyPassword ? { passphrase: clientKeyPassword } : {}),
  };
  if (check === 'unchecked') return { ...own, rejectUnauthorized: false };
  // Prisma names the signer's certificate `sslcert`; a client's own comes with its key.
  const signers = rootCertificate ?? (clientKey ? null : clientCertificate);
  return {
    ...own,
    ...(signers && signers !== 'system' ? { ca: certificate('sslrootcert', signers) } : {}),
    rejectUnauthorized: true,
    checkServerIdentity: (_: string, shown: PeerCertificate) =>
      check === 'signer' ? undefined : misnamed(address, shown),
  };
}

function checkOf({ sslMode, rootCertificate, hosts }: PostgresAddress): (typeof CHECKS)[SslMode] {
  // As in libpq: public certificates prove a name or nothing, and who names a signer wants it checked.
  if (rootCertificate === 'system') return 'signer and name';
  if (sslMode === 'require' && rootCertificate) return 'signer';
  if (sslMode) return CHECKS[sslMode];
  return hosts.every(({ name }) => isLoopback(name)) ? 'none' : 'asked';
}

/** Node would compare the certificate of a server that is named by address with "localhost". */
function misnamed({ hosts }: PostgresAddress, shown: PeerCertificate): Error | undefined {
  const results = hosts.map(({ name }) => checkServerIdentity(name, shown));
  return results.includes(undefined) ? undefined : results[0];
}

function certificate(parameter: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new GatewayError('BAD_CONFIGURATION', `${parameter} in DATABASE_URL must be a readable file (${code}).`, {
      cause,
    });
  }
}

/** Connections of the API's pool and of the write path: ours, or what the URL leaves us. */
export function poolSizes(database: string | ClusterAddress): { pool: number; writes: number } {
  const limit = typeof database === 'string' ? addressIn(database).connectionLimit : null;
  if (limit === null) return { pool: 10, writes: 2 };
  const writes = limit > 3 ? 2 : 1;
  // With fewer than two, one slow read of a client would hold up everything.
  return { pool: Math.min(10, Math.max(2, limit - writes)), writes };
}
