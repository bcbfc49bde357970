import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import { randomUUID } from 'node:crypto';
import ws from 'ws';
import { aTestDatabase, aUserToken, type TestDatabase } from '../support/database.js';
import { RawHttp } from '../support/raw-http.js';
import { until } from '../support/until.js';

let db: TestDatabase;
const open: RawHttp[] = [];
beforeAll(async () => {
  db = await aTestDatabase();
});
afterAll(() => db?.close());
afterEach(() => open.splice(0).forEach((each) => each.end()));

async function raw(): Promise<RawHttp> {
  const connection = await RawHttp.open(db.url);
  open.push(connection);
  return connection;
}

const host = () => ({ host: new URL(db.url).host });
const LARGE = String(64 * 1024 * 1024);
const RPC = '/rest/v1/rpc/registrar_eventos';
const supabase = (url: string, key: string, token?: string) =>
  createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: ws as never },
    ...(token ? { global: { headers: { Authorization: `Bearer ${token}` } } } : {}),
  });
const rows = async (url: string, key: string) =>
  (await supabase(url, key).from('whatsapp_schema').select('versao')).data?.length ?? 0;

describe('the local API asks for proof before it reads', () => {
  test.each([
    ['without a key', {}, 401],
    ['with a wrong key', { apikey: 'wrong' }, 401],
    ['with another Host', { host: 'evil.example' }, 403],
    ['with another Origin', { origin: 'https://evil.example' }, 403],
  ])('a large body %s is refused before its first byte, and its connection ends', async (_, headers, status) => {
    for (const length of [{ 'content-length': LARGE }, { 'transfer-encoding': 'chunked' }]) {
      const connection = await raw();
      connection.head('POST', RPC, { ...host(), ...(headers as unknown as Record<string, string>), ...length });
      await until('the answer', () => connection.status !== null);
      expect(connection.status).toBe(status);
      await until('the end of the connection', () => connection.closed);
    }
  });

  test('a body that is larger than its caller may send is refused by its length, or where it passes the limit', async () => {
    const announced = (await raw()).head('POST', RPC, { ...host(), apikey: db.anonKey, 'content-length': '65537' });
    await until('the refusal of the announced body', () => announced.status === 413);
    const chunked = (await raw()).head('POST', RPC, {
      ...host(),
      apikey: db.anonKey,
      'transfer-encoding': 'chunked',
    });
    for (let i = 0; i < 2; i += 1) chunked.say(`8001\r\n${'x'.repeat(0x8001)}\r\n`);
    await until('the refusal of the chunked body', () => chunked.status === 413);
  });

  test('eighty keyless posts of 64 MB leave the memory as it was', async () => {
    const before = process.memoryUsage().rss;
    const megabyte = 'x'.repeat(1024 * 1024);
    const attackers = await Promise.all(Array.from({ length: 80 }, raw));
    for (const attacker of attackers) attacker.head('POST', RPC, { ...host(), 'content-length': LARGE });
    for (let i = 0; i < 2; i += 1) for (const attacker of attackers) attacker.say(megabyte);
    await until('every refusal', () => attackers.every(({ closed, status }) => closed || status === 401));
    expect(await rows(db.url, db.serviceRoleKey)).toBeGreaterThan(0);
    // Ours: what the attackers' sockets still hold to send. It was 5 GB when every body was read.
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });

  test('connections that say nothing never keep the service key out', async () => {
    await Promise.all(Array.from({ length: 600 }, raw));
    expect(await rows(db.url, db.serviceRoleKey)).toBeGreaterThan(0);
  });

  test('a token that names postgres is refused, with either key beside it', async () => {
    const token = aUserToken(db.jwtSecret, randomUUID(), { role: 'postgres' });
    for (const key of [db.anonKey, db.serviceRoleKey]) {
      const { status, error } = await supabase(db.url, key, token).from('whatsapp_api_keys').select('id');
      expect([status, error?.code]).toEqual([403, '42501']);
    }
  });
});

describe('signing up', () => {
  const credentials = () => ({ email: `${randomUUID()}@example.com`, password: 'correct horse battery' });

  test('with the anon key is refused and makes no user', async () => {
    const { data, error } = await supabase(db.url, db.anonKey).auth.signUp(credentials());
    expect([data.user, error?.status, error?.code]).toEqual([null, 422, 'signup_disabled']);
    for (const attempt of [
      supabase(db.url, db.anonKey).auth.signInWithOtp({ email: credentials().email }),
      supabase(db.url, db.anonKey).auth.signInAnonymously(),
    ]) {
      expect((await attempt).error).not.toBeNull();
    }
    const [{ count } = { count: 0 }] = await db.sql<{ count: number }[]>`select count(*)::int from auth.users`;
    expect(count).toBe(0);
  });

  test('with the service key makes a user, who signs in with the anon key', async () => {
    const user = credentials();
    expect((await supabase(db.url, db.serviceRoleKey).auth.signUp(user)).error).toBeNull();
    const { data, error } = await supabase(db.url, db.anonKey).auth.signInWithPassword(user);
    expect(error).toBeNull();
    expect(data.user?.email).toBe(user.email);
  });

  test('with the anon key is possible where LOCAL_AUTH_SIGNUP is set', async () => {
    const open = await aTestDatabase({ signup: true });
    try {
      const { data, error } = await supabase(open.url, open.anonKey).auth.signUp(credentials());
      expect(error).toBeNull();
      expect(data.session?.access_token).toBeTruthy();
    } finally {
      await open.close();
    }
  });
});
