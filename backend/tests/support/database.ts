import { createHmac, randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { systemClock } from '../../src/lib/clock.js';
import { silentLog } from '../../src/lib/log.js';
import type { ApiThreadInput } from '../../src/supabase/local/api-protocol.js';
import { ApiThread } from '../../src/supabase/local/api-thread.js';
import { type ClusterAddress, PostgresCluster } from '../../src/supabase/local/cluster.js';
import { connectOptions } from '../../src/supabase/local/connect.js';
import type { LocalKeys } from '../../src/supabase/local/keys.js';
import { SupabaseWhatsAppService } from '../../src/supabase/supabase-whatsapp-service.js';
import { program } from './installation.js';
import { onceARun } from './once-a-run.js';

/** A database of its own for one test file: real Postgres, all migrations, the Supabase-compatible API in front. */
export interface TestDatabase {
  url: string;
  serviceRoleKey: string;
  anonKey: string;
  jwtSecret: string;
  /** Straight to Postgres, as its superuser: for looking behind the API. */
  sql: postgres.Sql;
  service: SupabaseWhatsAppService;
  close(): Promise<void>;
}

const TEMPLATE = 'sentinela_template';

/** @param api settings of the API in front: whether the anon key may sign up, pages that may call */
export async function aTestDatabase(api: Pick<ApiThreadInput, 'signup' | 'origins'> = {}): Promise<TestDatabase> {
  const cluster = await sharedCluster();
  const database = `t_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(cluster, (sql) => sql.unsafe(`create database ${database} template ${TEMPLATE}`));
  const keys = someKeys();
  const address = { ...cluster, database };
  const thread = await apiThread(address, keys, api);
  const { port } = await thread.start();
  const url = `http://127.0.0.1:${port}`;
  const sql = postgres({ ...connectOptions(address).options, max: 2 });
  const service = new SupabaseWhatsAppService({
    host: { current: { url, ...keys } },
    log: silentLog,
    clock: systemClock,
  });
  const close = async () => {
    await service.stop();
    await thread.stop();
    await sql.end();
    await asAdmin(cluster, (admin) => admin.unsafe(`drop database ${database} with (force)`));
  };
  return { url, ...keys, sql, service, close };
}

/** A signed-in user's JWT as Supabase Auth makes them. */
export function aUserToken(secret: string, sub: string, claims: Record<string, unknown> = {}): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ role: 'authenticated', sub, exp, ...claims })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

async function asAdmin<T>(cluster: ClusterAddress, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres({ ...connectOptions(cluster).options, max: 1 });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

const someKeys = (): LocalKeys => ({ serviceRoleKey: randomUUID(), anonKey: randomUUID(), jwtSecret: randomUUID() });

async function apiThread(
  database: ClusterAddress,
  keys: LocalKeys,
  api: Pick<ApiThreadInput, 'signup' | 'origins'> = {},
): Promise<ApiThread> {
  const compiled = await program('supabase/local/api-worker');
  return new ApiThread({ input: { database, keys, port: 0, ...api }, log: silentLog, clock: systemClock, compiled });
}

/** One cluster for the whole jest run, with the database that all others are copies of. */
function sharedCluster(): Promise<ClusterAddress> {
  return onceARun('cluster', async (dir) => {
    const cluster = await new PostgresCluster({ dataDir: dir, log: silentLog, clock: systemClock }).start();
    await asAdmin(cluster, (sql) => sql.unsafe(`create database ${TEMPLATE}`));
    // The first start brings the migrations and the API's own tables.
    const thread = await apiThread({ ...cluster, database: TEMPLATE }, someKeys());
    await thread.start();
    await thread.stop();
    return cluster;
  });
}
