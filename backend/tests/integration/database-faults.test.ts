import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/lib/clock.js';
import { type Log, silentLog } from '../../src/lib/log.js';
import { Simulator } from '../../src/simulator/index.js';
import { DatabaseHost } from '../../src/supabase/database-host.js';
import { SupabaseWhatsAppService } from '../../src/supabase/supabase-whatsapp-service.js';
import { Daemon } from '../support/daemon.js';
import { aUserToken } from '../support/database.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';
import { ExternalPostgres, WITH_PASSWORD } from '../support/external-postgres.js';

let server: ExternalPostgres;
let dataDir: string;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await ExternalPostgres.start();
  const sql = server.connect();
  await sql.unsafe(`create role ${WITH_PASSWORD}`);
  await sql.unsafe(`create role dono login password 'x' in role ${WITH_PASSWORD}`);
  await sql.unsafe('create role pobre login');
  for (const name of ['dele', 'outro']) await sql.unsafe(`create database ${name} owner dono`);
  await sql.end();
}, 60_000);
afterAll(() => server?.stop());
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sentinela-faults-'));
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const url = (rest: string) => `postgres://${rest.replace('HERE', `127.0.0.1:${server.port}`)}`;

function aHost(database: string) {
  const lines: { level: string; message: string; meta: Record<string, unknown> }[] = [];
  const write =
    (level: string) =>
    (message: string, meta: Record<string, unknown> = {}) =>
      void lines.push({ level, message, meta });
  const log: Log = { ...silentLog, error: write('error'), warn: write('warn'), info: write('info') };
  const nothing = { supabaseUrl: null, serviceRoleKey: null, anonKey: null, jwtSecret: null };
  const settings = { mode: 'postgres' as const, ...nothing, databaseUrl: url(database), localPort: 0 };
  const host = new DatabaseHost({ settings, dataDir, log, clock: systemClock });
  open.push(host);
  return { host, lines, log };
}

test.each([
  ['a wrong password', 'dono:errada@HERE/dele', 'PASSWORD_REFUSED'],
  ['a user who does not exist', 'ninguem@HERE/dele', 'SIGN_IN_REFUSED'],
  ['a database that does not exist', 'postgres@HERE/nada', 'NO_SUCH_DATABASE'],
  ['a user without privileges', 'pobre@HERE/outro', 'NO_PRIVILEGE'],
  ['a server without TLS', 'postgres@HERE/outro?sslmode=require', 'NO_TLS'],
  ['a parameter of the session that does not exist', 'postgres@HERE/outro?options=-c%20foo%3D1', 'BAD_PARAMETER'],
  ['a certificate that is not there', 'postgres@HERE/outro?sslmode=verify-ca&sslrootcert=/none', 'BAD_ADDRESS'],
])('%s ends the first start with the reason', async (_, database, reason) => {
  const refused = { code: 'BAD_CONFIGURATION', message: expect.stringContaining(reason) };
  await expect(aHost(database).host.start()).rejects.toMatchObject(refused);
});

test('until a database was open once, each start is the first', async () => {
  await expect(aHost('dono:errada@HERE/dele').host.start()).rejects.toThrow('PASSWORD_REFUSED');
  await writeFile(join(dataDir, 'journal.lmdb'), '');
  await expect(aHost('dono:outra@HERE/dele').host.start()).rejects.toThrow('PASSWORD_REFUSED');
});

test('where a database was open before, the same fault is one line, the reason and the remedy, and another try', async () => {
  const first = aHost('dono:x@HERE/dele');
  await first.host.start();
  expect(first.host.current).not.toBeNull();
  await writeFile(join(dataDir, 'journal.lmdb'), '');
  const { host, lines, log } = aHost('dono:errada@HERE/dele');
  const service = new SupabaseWhatsAppService({ host, log, clock: systemClock });
  open.push(service);
  await host.start();
  await host.start();
  await service.start();
  await service.start();
  expect(service.reason).toMatch(/^PASSWORD_REFUSED: O Postgres recusou .*Corrija-os/);
  expect(lines.filter(({ level }) => level !== 'info')).toEqual([
    expect.objectContaining({
      message: 'database not opened, trying again',
      meta: expect.objectContaining({ reason: 'PASSWORD_REFUSED', code: '28P01', remedy: expect.any(String) }),
    }),
  ]);
});

test('a database that is merely away ends no start', async () => {
  const { host } = aHost('postgres@127.0.0.1:1/outro');
  await host.start();
  expect(host.failure).toMatchObject({ code: 'ECONNREFUSED' });
});

test('the owner of a database without CREATEROLE has everything but users of the local API, and is told so', async () => {
  const { host, lines, log } = aHost('dono:x@HERE/outro');
  await host.start();
  expect(lines.map(({ message }) => message)).toContainEqual(expect.stringContaining('has no roles anon'));
  const { url: api, serviceRoleKey, anonKey, jwtSecret } = host.current!;
  const service = new SupabaseWhatsAppService({ host, log, clock: systemClock });
  open.push(service);
  await service.selfTest();
  const session = aSession();
  await service.registrarEventos([session]);
  await service.registrarEventos([aMessage(session.sessao, aPerson())]);
  const ask = (headers: Record<string, string>) => fetch(`${api}/rest/v1/whatsapp_mensagens?select=id`, { headers });
  expect(await (await ask({ apikey: serviceRoleKey })).json()).toHaveLength(1);
  const user = aUserToken(jwtSecret!, '7a1f7a1e-0000-4000-8000-000000000001');
  for (const headers of [{ apikey: anonKey! }, { apikey: anonKey!, authorization: `Bearer ${user}` }])
    expect((await ask(headers)).status).toBe(501);
  expect((await ask({ apikey: serviceRoleKey, authorization: `Bearer ${user}` })).status).toBe(501);
  expect((await fetch(`${api}/auth/v1/settings`, { headers: { apikey: anonKey! } })).status).toBe(501);
});

test('the daemon leaves with exit code 78 and says the reason and the remedy on stderr', async () => {
  const simulator = await Simulator.start();
  try {
    const daemon = await Daemon.spawn(dataDir, simulator, { DATABASE_URL: url('dono:geheim@HERE/dele') });
    expect(await daemon.end()).toBe(78);
    expect(daemon.stderr).toMatch(/PASSWORD_REFUSED: .*Corrija/);
    const logged = await readFile(join(dataDir, 'logs', 'combined.log'), 'utf8');
    expect(daemon.stderr + logged).not.toContain('geheim');
  } finally {
    await simulator.stop();
  }
}, 60_000);
