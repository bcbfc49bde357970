import { describe, expect, test } from '@jest/globals';
import { type PostgresAddress, readPostgresUrl } from '../../src/lib/postgres-url.js';

const at = (text: string) => readPostgresUrl(text);
const host = (name: string, port = 5432) => ({ hosts: [{ name, port }] });

describe('a connection URL is read as libpq reads it', () => {
  test.each<[string, Partial<PostgresAddress>]>([
    [
      'postgres://u:p@db.example.com:6432/crm',
      { user: 'u', password: 'p', database: 'crm', ...host('db.example.com', 6432) },
    ],
    ['postgresql://u@h/d', { user: 'u', password: null, database: 'd', ...host('h') }],
    ['postgres://u:p%40s%2Fs%23%3A%25@h/d', { password: 'p@s/s#:%' }],
    ['postgres://u:p@ss@h/d', { password: 'p@ss', ...host('h') }],
    ['postgres://u:a:b@h/d', { user: 'u', password: 'a:b' }],
    ['postgres://project.ref%20x:p@h/d', { user: 'project.ref x' }],
    ['postgres://u@h', { database: null }],
    ['postgres://u@h/', { database: null }],
    ['postgres://u@h:/d', host('h')],
    ['postgres://u@[::1]/d', host('::1')],
    ['postgres://u@[2001:db8::7]:5433/d', host('2001:db8::7', 5433)],
    [
      'postgres://u@a:5433,b,[::1]:7/d',
      {
        hosts: [
          { name: 'a', port: 5433 },
          { name: 'b', port: 5432 },
          { name: '::1', port: 7 },
        ],
      },
    ],
    ['postgres:///d', { user: null, ...host('localhost') }],
    ['postgres://', host('localhost')],
    ['postgres://u@%2Fvar%2Frun%2Fpostgresql/d', { socketDir: '/var/run/postgresql', database: 'd' }],
    [
      'postgres:///d?host=/var/run/postgresql&port=5433&user=u',
      { socketDir: '/var/run/postgresql', user: 'u', ...host('/var/run/postgresql', 5433) },
    ],
    ['postgres://u@h/d?password=p%26q&dbname=e', { password: 'p&q', database: 'e' }],
    ['postgres://u@h/a%20b', { database: 'a b' }],
  ])('%s', (text, expected) => {
    expect(at(text)).toMatchObject({ address: expected, problems: [], leftOut: [] });
  });
});

describe('parameters have a meaning, or are left out and named', () => {
  test.each<[string, Partial<PostgresAddress>, string[]]>([
    ['schema=crm', {}, ['schema']],
    ['schema=public', {}, []],
    ['currentSchema=crm', {}, ['currentSchema']],
    ['search_path=crm', {}, ['search_path']],
    ['pgbouncer=true&connection_limit=1', { prepares: false, connectionLimit: 1 }, []],
    ['pgbouncer=false', { prepares: true }, []],
    ['statement_cache_size=0', { prepares: false }, []],
    ['prepareThreshold=0', { prepares: false }, []],
    ['channel_binding=require', {}, ['channel_binding']],
    ['channel_binding=prefer&gssencmode=disable', {}, []],
    ['application_name=crm', { applicationName: 'crm' }, []],
    ['fallback_application_name=crm', { applicationName: 'crm' }, []],
    ['connect_timeout=5', { connectTimeoutS: 5 }, []],
    ['connect_timeout=0', { connectTimeoutS: 50 }, []],
    ['connect_timeout=900', { connectTimeoutS: 50 }, []],
    ['options=-c%20statement_timeout%3D60000', { sessionOptions: '-c statement_timeout=60000' }, []],
    ['options=project%3Dabc', { sessionOptions: 'project=abc' }, []],
    [
      'options=-c%20search_path%3Dcrm%20-c%20work_mem%3D8MB',
      { sessionOptions: '-c work_mem=8MB' },
      ['search_path in options'],
    ],
    ['options=--search_path%3Dcrm', { sessionOptions: null }, ['search_path in options']],
    ['target_session_attrs=any', { mustTakeWrites: null }, []],
    ['target_session_attrs=read-write', { mustTakeWrites: 'read-write' }, []],
    ['target_session_attrs=standby', { mustTakeWrites: null }, ['target_session_attrs']],
    ['sslmode=require', { sslMode: 'require' }, []],
    ['sslmode=no-verify&uselibpqcompat=true', { sslMode: 'no-verify' }, []],
    ['ssl=true', { sslMode: 'require' }, []],
    ['ssl=false', { sslMode: 'disable' }, []],
    ['ssl=no-verify', { sslMode: 'no-verify' }, []],
    ['sslaccept=accept_invalid_certs', { sslMode: 'no-verify' }, []],
    ['sslmode=verify-full&sslrootcert=/etc/ca.pem', { sslMode: 'verify-full', rootCertificate: '/etc/ca.pem' }, []],
    ['sslcert=/a&sslkey=/b&sslpassword=c', { clientCertificate: '/a', clientKey: '/b', clientKeyPassword: 'c' }, []],
    ['sslnegotiation=direct', { tlsFirst: true }, []],
    [
      'pool_timeout=10&socket_timeout=5&keepalives=1&supa=base-pooler.x&__proto__=1',
      {},
      ['pool_timeout', 'socket_timeout', 'keepalives', 'supa', '__proto__'],
    ],
    ['&&', {}, []],
  ])('?%s', (text, expected, leftOut) => {
    expect(at(`postgres://u@h/d?${text}`)).toMatchObject({ address: expected, problems: [], leftOut });
  });

  test("the transaction pooler of Supabase's projects keeps no prepared statements", () => {
    expect(at('postgres://u@aws-0-sa-east-1.pooler.supabase.com:6543/d').address.prepares).toBe(false);
    expect(at('postgres://u@aws-0-sa-east-1.pooler.supabase.com:5432/d').address.prepares).toBe(true);
  });
});

describe('a URL that cannot be used says why, and never a value', () => {
  test.each([
    ['mysql://u:geheim@h/d', 'must be of the form postgres://'],
    ['postgres://u:geheim#1@h/d', 'must be of the form postgres://'],
    ['postgres://u:geheim/1@h/d', 'a / in the password is written %2F'],
    ['postgres://u:geheim%@h/d', 'its password must be percent-encoded'],
    ['postgres://u:geheim@h:70000/d', 'its port a number'],
    ['postgres://u:geheim@::1/d', 'IPv6 address in [brackets]'],
    [
      'postgres://u@h/d?sslmode=geheim',
      'sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full, no-verify',
    ],
    ['postgres://u@h/d?connection_limit=geheim', 'connection_limit must be a positive integer'],
    ['postgres://u@h/d?connect_timeout=geheim', 'connect_timeout must be a number of seconds'],
    ['postgres://u@h/d?target_session_attrs=geheim', 'target_session_attrs must be one of any, read-write, primary'],
    ['postgres://u@h/d?port=geheim', 'port must be a port number'],
    ['postgres://u@%2Ftmp,geheim/d', 'a Unix socket must be the only host'],
  ])('%s', (text, reason) => {
    const { problems } = at(text);
    expect(problems.join('; ')).toContain(reason);
    expect(problems.join('; ')).not.toContain('geheim');
  });
});
