import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import postgres from 'postgres';
import { systemClock } from '../../src/lib/clock.js';
import { silentLog } from '../../src/lib/log.js';
import { ApiThread } from '../../src/supabase/local/api-thread.js';
import { type ClusterAddress, PostgresCluster } from '../../src/supabase/local/cluster.js';
import { connectOptions } from '../../src/supabase/local/connect.js';
import { applyMigrations } from '../../src/supabase/migrations.js';
import { SupabaseWhatsAppService } from '../../src/supabase/supabase-whatsapp-service.js';

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

export async function aTestDatabase(): Promise<TestDatabase> {
  const cluster = await sharedCluster();
  const database = `t_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(cluster, (sql) => sql.unsafe(`create database ${database} template ${TEMPLATE}`));
  const keys = { serviceRoleKey: randomUUID(), anonKey: randomUUID(), jwtSecret: randomUUID() };
  const address = { ...cluster, database };
  const thread = new ApiThread({ input: { database: address, keys, port: 0 }, log: silentLog, clock: systemClock });
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

/** One cluster for the whole jest run: whoever comes first starts it, and it ends with the run. */
async function sharedCluster(): Promise<ClusterAddress> {
  // Jest's workers are children of the run; with one file (or --runInBand) there are none.
  const run = process.send ? process.ppid : process.pid;
  const dir = join(tmpdir(), `sentinela-test-${run}`);
  const isFirst = await mkdir(dir, { mode: 0o711 }).then(
    () => true,
    () => false,
  );
  if (isFirst) await startShared(dir, run);
  for (let waited = 0; waited < 30_000; waited += 20) {
    const text = await readFile(join(dir, 'ready.json'), 'utf8').catch(() => null);
    if (text !== null) return JSON.parse(text) as ClusterAddress;
    await delay(20);
  }
  throw new Error(`the shared test database in ${dir} did not start`);
}

async function startShared(dir: string, run: number): Promise<void> {
  const cluster = new PostgresCluster({ dataDir: dir, log: silentLog, clock: systemClock });
  const address = await cluster.start();
  // Nobody can run code when the whole run is over (or was killed): a process of its own waits for that.
  const reaper = `
    const { readFileSync, rmSync } = require('node:fs');
    const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
    const timer = setInterval(() => {
      if (alive(${run})) return;
      clearInterval(timer);
      try { process.kill(Number(readFileSync(${JSON.stringify(join(dir, 'postgres', 'postmaster.pid'))}, 'utf8').split('\\n')[0]), 'SIGQUIT'); } catch {}
      setTimeout(() => rmSync(${JSON.stringify(dir)}, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }), 300);
    }, 250);`;
  spawn(process.execPath, ['-e', reaper], { detached: true, stdio: 'ignore' }).unref();
  await asAdmin(address, (sql) => sql.unsafe(`create database ${TEMPLATE}`));
  await asAdmin({ ...address, database: TEMPLATE }, (sql) => applyMigrations(sql));
  await writeFile(join(dir, 'ready.new'), JSON.stringify(address));
  await rename(join(dir, 'ready.new'), join(dir, 'ready.json'));
}
