import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/lib/clock.js';
import { silentLog } from '../../src/lib/log.js';
import { type Database, openDatabase } from '../../src/supabase/open-database.js';
import { SupabaseWhatsAppService } from '../../src/supabase/supabase-whatsapp-service.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';
import { program } from '../support/installation.js';

let dataDir: string;
const opened: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sentinela-db-'));
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await rm(dataDir, { recursive: true, force: true });
});

const API = 'supabase/local/api-worker';
const settings = {
  mode: 'embedded' as const,
  supabaseUrl: null,
  serviceRoleKey: null,
  anonKey: null,
  jwtSecret: null,
  databaseUrl: null,
  localPort: 0,
};

async function open(localPort = 0): Promise<Database> {
  const compiledApi = await program(API);
  const database = await openDatabase({ settings: { ...settings, localPort }, dataDir, log: silentLog, compiledApi });
  opened.push(database);
  return database;
}

function serviceOf(database: { url: string; serviceRoleKey: string }): SupabaseWhatsAppService {
  const service = new SupabaseWhatsAppService({ host: { current: database }, log: silentLog, clock: systemClock });
  opened.unshift({ close: () => service.stop() });
  return service;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await delay(50)) if (await condition()) return;
  throw new Error('the condition did not come true in 20 s');
}

const pidFile = () => join(dataDir, 'postgres', 'postmaster.pid');
const postmasterPid = async () => Number((await readFile(pidFile(), 'utf8')).split('\n')[0]);

/** A gateway of its own process, from source, that opens the database, writes one message, and waits to be killed. */
async function killedGateway(): Promise<{ whatsappId: string; sessao: string; pid: number }> {
  const root = new URL('../../', import.meta.url).pathname;
  const session = aSession();
  const message = aMessage(session.sessao, aPerson());
  const script = `
    const { openDatabase } = await import('${root}src/supabase/open-database.ts');
    const { SupabaseWhatsAppService } = await import('${root}src/supabase/supabase-whatsapp-service.ts');
    const { silentLog } = await import('${root}src/lib/log.ts');
    const { systemClock } = await import('${root}src/lib/clock.ts');
    const compiledApi = ${JSON.stringify(await program(API))};
    const db = await openDatabase({ settings: ${JSON.stringify(settings)}, dataDir: ${JSON.stringify(dataDir)}, log: silentLog, compiledApi });
    const service = new SupabaseWhatsAppService({ host: { current: db }, log: silentLog, clock: systemClock });
    await service.registrarEventos(${JSON.stringify([session, message])});
    process.kill(process.pid, 'SIGKILL');`;
  const signal = await new Promise<string | null | undefined>((resolve) => {
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    execFile(process.execPath, args, { cwd: root }, (error) => resolve(error?.signal));
  });
  expect(signal).toBe('SIGKILL');
  return { whatsappId: message.whatsapp_id, sessao: session.sessao, pid: await postmasterPid() };
}

describe('the embedded database', () => {
  test('keeps its rows and keys across restarts, and can be closed twice', async () => {
    // From source, as `npm run dev` has it.
    const first = await openDatabase({ settings, dataDir, log: silentLog });
    opened.push(first);
    const session = aSession();
    await serviceOf(first).registrarEventos([session]);
    await Promise.all([first.close(), first.close()]);
    await expect(stat(pidFile())).rejects.toMatchObject({ code: 'ENOENT' });
    const second = await open();
    expect(second.serviceRoleKey).toBe(first.serviceRoleKey);
    expect(second.migrated).toEqual([]);
    expect(await serviceOf(second).findSessao(session.sessao)).toMatchObject({ id: session.id });
    expect((await stat(join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
  }, 60_000);

  test('a server that a killed gateway left behind is adopted with all it had', async () => {
    const killed = await killedGateway();
    const database = await open();
    expect(await postmasterPid()).toBe(killed.pid);
    expect(await serviceOf(database).findSessao(killed.sessao)).not.toBeNull();
    await database.close();
    await expect(stat(pidFile())).rejects.toMatchObject({ code: 'ENOENT' });
  }, 60_000);

  test('a left-behind server that does not answer is replaced', async () => {
    const killed = await killedGateway();
    // A pid file whose process is gone, as after a power loss.
    process.kill(killed.pid, 'SIGKILL');
    await until(async () => !isAlive(killed.pid));
    const database = await open();
    expect(await serviceOf(database).findSessao(killed.sessao)).not.toBeNull();
  }, 60_000);

  test('a Postgres that dies while running is started again', async () => {
    const database = await open();
    const service = serviceOf(database);
    const pid = await postmasterPid();
    process.kill(pid, 'SIGKILL');
    await until(async () => !isAlive(pid));
    await until(() =>
      service.registrarEventos([aSession()]).then(
        () => true,
        () => false,
      ),
    );
    expect(await postmasterPid()).not.toBe(pid);
  }, 60_000);

  test('a port that is taken is named', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const opening = open(port);
    await expect(opening).rejects.toMatchObject({
      code: 'BAD_CONFIGURATION',
      message: expect.stringContaining(String(port)),
    });
    await new Promise((resolve) => other.close(resolve));
    await expect(stat(pidFile())).rejects.toMatchObject({ code: 'ENOENT' });
  }, 60_000);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
