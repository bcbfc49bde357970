import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { generate } from 'selfsigned';
import { connectOptions, poolSizes } from '../../src/supabase/local/connect.js';
import { ExternalPostgres, WITH_PASSWORD } from '../support/external-postgres.js';

/** One Postgres that offers TLS with a certificate that it has signed itself, and one without TLS. */
let safe: ExternalPostgres;
let plain: ExternalPostgres;

beforeAll(async () => {
  [safe, plain] = await Promise.all([ExternalPostgres.start({ tls: true }), ExternalPostgres.start()]);
  const { cert } = await generate([{ name: 'commonName', value: 'somebody else' }], { keyType: 'ec' });
  await writeFile(join(safe.dir, 'other.crt'), cert);
  const sql = safe.connect();
  await sql.unsafe(`create role ${WITH_PASSWORD}`);
  await sql.unsafe(`create role crm login password 'p@s/s#:%' in role ${WITH_PASSWORD}`);
  await sql.unsafe('create database crm');
  await sql.end();
}, 60_000);
afterAll(() => Promise.all([safe?.stop(), plain?.stop()]));

interface Session {
  tls: boolean;
  database: string;
  usuario: string;
  programa: string;
  prazo: string;
}

/** The session that a URL leads to. */
async function sessionAt(url: string): Promise<Session> {
  const { options } = connectOptions(url);
  const sql = postgres({ ...options, max: 1, idle_timeout: 1 });
  try {
    const [row] = await sql<Session[]>`
      select ssl as tls, current_database() as database, current_user as usuario,
             current_setting('application_name') as programa, current_setting('statement_timeout') as prazo
        from pg_stat_ssl where pid = pg_backend_pid()`;
    return row!;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** `safe`, `plain`: where; then user and host, and what follows the database. */
const url = (
  server: ExternalPostgres,
  { host = '127.0.0.1', query = '', who = 'postgres', database = '/postgres' } = {},
) => `postgres://${who}@${host}:${server.port}${database}${query}`.replaceAll('DIR', server.dir);

test.each<[string, boolean]>([
  ['', false],
  ['?sslmode=disable', false],
  ['?sslmode=allow', true],
  ['?sslmode=prefer', true],
  ['?sslmode=require', true],
  ['?sslmode=no-verify', true],
  ['?ssl=true', true],
  ['?ssl=false', false],
  ['?ssl=no-verify', true],
  ['?sslaccept=accept_invalid_certs', true],
  ['?sslmode=require&sslrootcert=DIR/server.crt', true],
  ['?sslmode=verify-ca&sslrootcert=DIR/server.crt', true],
  ['?sslmode=verify-full&sslrootcert=DIR/server.crt', true],
  ['?sslaccept=strict&sslcert=DIR/server.crt', true],
  ['?schema=crm', false],
  ['?pgbouncer=true&connection_limit=1', false],
  ['?sslmode=require&channel_binding=require', true],
  ['?connect_timeout=5&target_session_attrs=read-write&pool_timeout=0&keepalives=1', false],
])('a server with a self-signed certificate, %s: reached, with TLS: %s', async (query, tls) => {
  expect(await sessionAt(url(safe, { query }))).toMatchObject({ tls });
});

test.each([
  ['verify-ca without the certificate of the signer', '?sslmode=verify-ca', /self-signed certificate/],
  ['verify-full without the certificate of the signer', '?sslmode=verify-full', /self-signed certificate/],
  ['public signers', '?sslmode=require&sslrootcert=system', /self-signed certificate/],
  ['another signer', '?sslmode=verify-ca&sslrootcert=DIR/other.crt', /self-signed certificate/],
  ['a require that names another signer', '?sslmode=require&sslrootcert=DIR/other.crt', /self-signed certificate/],
  [
    'a certificate that is not there',
    '?sslmode=verify-ca&sslrootcert=DIR/none.crt',
    /sslrootcert .*must be a readable/,
  ],
])('%s: refused', async (_, query, reason) => {
  await expect((async () => sessionAt(url(safe, { query })))()).rejects.toThrow(reason);
});

test('verify-full compares the name, of a host and of an address; verify-ca does not', async () => {
  const query = (mode: string) => `?sslmode=${mode}&sslrootcert=DIR/server.crt`;
  expect(await sessionAt(url(safe, { host: 'localhost', query: query('verify-full') }))).toMatchObject({ tls: true });
  const other = { host: '[::1]' };
  expect(await sessionAt(url(safe, { ...other, query: query('verify-ca') }))).toMatchObject({ tls: true });
  await expect(sessionAt(url(safe, { ...other, query: query('verify-full') }))).rejects.toThrow(/does not match/);
});

test.each<[string, Parameters<typeof url>[1], Partial<Session>]>([
  ['an IPv6 address', { host: '[::1]' }, {}],
  ['a percent-encoded password', { who: 'crm:p%40s%2Fs%23%3A%25' }, { usuario: 'crm' }],
  [
    'no database: that of the user',
    { who: 'crm:p%40s%2Fs%23%3A%25', database: '' },
    { usuario: 'crm', database: 'crm' },
  ],
  ['a name of the program', { query: '?application_name=loja' }, { programa: 'loja' }],
  ['options of the session', { query: '?options=-c%20statement_timeout%3D61000' }, { prazo: '61s' }],
])('%s', async (_, parts, session) => {
  expect(await sessionAt(url(plain, parts).replace(plain.port.toString(), safe.port.toString()))).toMatchObject(
    session,
  );
});

test.each([
  ['postgres://postgres@%2FDIR:PORT/postgres', 'a host'],
  ['postgres:///postgres?host=DIR&port=PORT&user=postgres&sslmode=require', 'a parameter'],
])('%s: the Unix socket as %s', async (text) => {
  const written = text.replace('%2FDIR', encodeURIComponent(plain.dir)).replace('DIR', plain.dir);
  expect(await sessionAt(written.replace('PORT', `${plain.port}`))).toMatchObject({ tls: false });
});

test.each([
  ['?sslmode=prefer', true],
  ['?sslmode=allow', true],
  ['?sslmode=require', false],
  ['?sslmode=verify-full', false],
])('a server without TLS, %s: reached: %s', async (query, reached) => {
  const answer = await sessionAt(url(plain, { query })).then(
    () => true,
    () => false,
  );
  expect(answer).toBe(reached);
});

test('the second host is tried when the first is away', async () => {
  const there = `127.0.0.1:1,127.0.0.1:${plain.port}`;
  expect(await sessionAt(`postgresql://postgres@${there}/postgres`)).toMatchObject({ database: 'postgres' });
});

test.each([
  ['', { pool: 10, writes: 2 }],
  ['?connection_limit=1', { pool: 2, writes: 1 }],
  ['?connection_limit=5', { pool: 3, writes: 2 }],
  ['?connection_limit=100', { pool: 10, writes: 2 }],
])('connections at most, %s', (query, sizes) => {
  expect(poolSizes(`postgres://u@h/d${query}`)).toEqual(sizes);
});
