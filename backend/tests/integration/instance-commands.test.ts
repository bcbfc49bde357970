import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { GatewayClient } from '../../src/commands/gateway-client.js';
import { MigrateInstances } from '../../src/commands/migrate-instances.js';
import { renderChecks, runChecks } from '../../src/commands/system-check.js';
import { whatsappChecks } from '../../src/commands/whatsapp-checks.js';
import { InstanceTable } from '../../src/supabase/instances.js';
import { aSession } from '../support/eventos.js';
import { ROOT_KEY } from '../support/access.js';
import { aGateway } from '../support/gateway.js';

const WEBHOOK_SECRET = 'what-evolution-servers-prove-themselves-with';
const gateway = aGateway({ API_KEY: ROOT_KEY, EVOLUTION_WEBHOOK_SECRET: WEBHOOK_SECRET });
const table = () => new InstanceTable(gateway.database.service);

describe('npm run test:whatsapp', () => {
  const none = { url: null, serverKey: null, webhookSecret: WEBHOOK_SECRET };
  const tryIt = (rootKey = ROOT_KEY, leftOut: string[] = []) => {
    const client = new GatewayClient({ url: gateway.http.baseUrl, rootKey });
    const checks = whatsappChecks({ gateway: client, table: table(), evolution: none });
    return runChecks(checks.filter(({ name }) => !leftOut.includes(name)));
  };
  const left = async () => ({
    sessions: (await table().owners()).length,
    instances: (await table().list()).length,
    connections: gateway.parts.journal.listConnections().length,
  });
  const verdicts = (results: Awaited<ReturnType<typeof tryIt>>) =>
    Object.fromEntries(results.map(({ name, result }) => [name, result]));

  test('a system that works: every check is ok or says why it was skipped, and nothing is left behind', async () => {
    const before = await left();
    const results = await tryIt();
    const wrong = results.filter(({ result }) => result === 'failed');
    expect(wrong).toEqual([]);
    expect(verdicts(results)).toMatchObject({
      ...{
        gateway: 'ok',
        schema: 'ok',
        'schema: instances': 'ok',
        'instance: created': 'ok',
        'instance: one': 'ok',
        'instance: row': 'ok',
      },
      ...{
        'health monitor': 'ok',
        'webhooks out': 'ok',
        'webhooks in': 'ok',
        evolution: 'skipped',
        'cleaned up': 'ok',
      },
    });
    expect(results.find(({ name }) => name === 'evolution')?.says).toBe('EVOLUTION_API_URL is not set');
    expect(results.find(({ name }) => name === 'webhooks in')?.says).toBe(
      '4 routes, all of which refuse strangers and take EVOLUTION_WEBHOOK_SECRET',
    );
    const text = renderChecks(results);
    expect(text).toMatch(/^CHECK +RESULT +TIME +FOUND\n/);
    expect(text).toContain('All is well.');
    expect(await left()).toEqual(before);
  }, 60_000);

  test('a table that lacks an index is told, by the index', async () => {
    const { sql } = gateway.database;
    await sql`drop index public.idx_whatsapp_instances_user_id`;
    try {
      const client = new GatewayClient({ url: gateway.http.baseUrl, rootKey: ROOT_KEY });
      const checks = whatsappChecks({ gateway: client, table: table(), evolution: none });
      const [result] = await runChecks(checks.filter(({ name }) => name === 'schema: instances'));
      expect(result).toMatchObject({
        ...{ result: 'failed', says: 'whatsapp_instances lacks idx_whatsapp_instances_user_id' },
      });
    } finally {
      await sql`create index idx_whatsapp_instances_user_id on public.whatsapp_instances (user_id)`;
    }
  });

  test('a system that does not work: each check says what is wrong, and what was made is removed all the same', async () => {
    const before = await left();
    const refused = await tryIt('no-key-of-this-gateway', ['instance: row']);
    expect(verdicts(refused)).toMatchObject({ gateway: 'failed', 'instance: created': 'failed' });
    expect(refused.find(({ name }) => name === 'instance: created')?.says).toMatch(/401 UNAUTHORIZED/);
    await gateway.simulator.faults.refuse(true);
    gateway.parts.watchdog.stop();
    // It waits for a code as long as the first call does.
    const results = await tryIt(ROOT_KEY, ['instance: one']);
    gateway.parts.watchdog.start();
    await gateway.simulator.faults.refuse(false);
    expect(verdicts(results)).toMatchObject({
      ...{ gateway: 'ok', schema: 'ok', 'instance: created': 'failed', 'health monitor': 'failed', 'cleaned up': 'ok' },
    });
    const says = Object.fromEntries(results.map(({ name, says: text }) => [name, text]));
    expect(says['instance: created']).toMatch(/no QR code .* is WhatsApp reachable/);
    expect(says['health monitor']).toBe('the watchdog is stopped');
    expect(renderChecks(results)).toMatch(/2 of \d+ checks failed/);
    expect(await left()).toEqual(before);
  }, 120_000);

  test('webhooks in: a secret that the gateway does not know is said, and that there is none', async () => {
    const says = async (webhookSecret: string | null) => {
      const client = new GatewayClient({ url: gateway.http.baseUrl, rootKey: ROOT_KEY });
      const checks = whatsappChecks({ gateway: client, table: table(), evolution: { ...none, webhookSecret } });
      const [result] = await runChecks(checks.filter(({ name }) => name === 'webhooks in'));
      return `${result!.result}: ${result!.says}`;
    };
    expect(await says('of-another-gateway')).toBe('failed: EVOLUTION_WEBHOOK_SECRET was answered with 401');
    expect(await says(null)).toBe('ok: 4 routes, all of which refuse strangers; EVOLUTION_WEBHOOK_SECRET is not set');
  });

  test('the Evolution server: its answer counts, its key, and that it is one', async () => {
    const answers: Record<string, [number, string]> = {
      '/ok/instance/fetchInstances': [200, '[{"name":"a"},{"name":"b"}]'],
      '/page/instance/fetchInstances': [200, '{"hello":"world"}'],
    };
    const server = createServer((req, res) => {
      const [status, text] =
        req.headers['apikey'] === 'k'.repeat(16) ? (answers[req.url!] ?? [404, '{}']) : [401, '{}'];
      res.writeHead(status, { 'content-type': 'application/json' }).end(text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const says = async (apiUrl: string, apiKey: string | null) => {
      const checks = whatsappChecks({
        ...{
          gateway: new GatewayClient({ url, rootKey: null }),
          table: table(),
          evolution: { url: apiUrl, serverKey: apiKey, webhookSecret: null },
        },
      });
      const [result] = await runChecks(checks.filter(({ name }) => name === 'evolution'));
      return `${result!.result}: ${result!.says}`;
    };
    const key = 'k'.repeat(16);
    expect(await says(`${url}/ok/`, key)).toBe(`ok: 2 instances on ${url}/ok/`);
    expect(await says(`${url}/ok`, 'wrong')).toBe('failed: the server refuses EVOLUTION_API_KEY');
    expect(await says(`${url}/page`, key)).toMatch(/^failed: .*not as an Evolution API server does$/);
    expect(await says(`${url}/gone`, key)).toMatch(/^failed: .* answered 404/);
    expect(await says(url, null)).toBe('failed: EVOLUTION_API_KEY is not set');
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    expect(await says(url, key)).toBe(`failed: no server answers at ${url}`);
  });
});

describe('npm run migrate:whatsapp', () => {
  const run = (args: string[], options: { user?: string; organization?: string; dryRun?: boolean } = {}) =>
    new MigrateInstances(table()).run(args, { dryRun: false, ...options });
  const insert = (name: string, user: string | null = null) =>
    gateway.database.sql`insert into whatsapp_instances (instance_name, user_id) values (${name}, ${user})`;
  const userOf = async (name: string) =>
    (await gateway.database.sql`select user_id from whatsapp_instances where instance_name = ${name}`)[0]?.[
      'user_id'
    ] as string | null;

  test('check changes nothing and names each; update mends what names tell; migrate what a person says', async () => {
    const [ana, bia, carlos, organization] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await gateway.database.sql`delete from whatsapp_instances`;
    expect(await run(['check'])).toEqual({ text: '0 instances, 0 without a user.\n', exitCode: 0 });
    const shop = aSession({ owner_id: bia, company_id: organization });
    await gateway.database.service.registrarEventos([shop]);
    for (const name of [`user_${ana}`, shop.sessao, 'antiga', 'outra']) await insert(name);
    await insert(`user_${carlos}`, carlos);
    const check = await run(['check']);
    expect([check.exitCode, await userOf(`user_${ana}`)]).toEqual([1, null]);
    expect(check.text).toMatch(new RegExp(`user_${ana} +can be mended +${ana} +- +by its name`));
    expect(check.text).toMatch(new RegExp(`${shop.sessao} +can be mended +${bia} +${organization} +by the connection`));
    expect(check.text).toMatch(/antiga +needs a person/);
    expect(check.text).toContain('5 instances, 4 without a user.');
    const dry = await run(['update'], { dryRun: true });
    expect([dry.exitCode, await userOf(`user_${ana}`)]).toEqual([1, null]);
    expect(dry.text).toContain('Dry run: nothing was changed.');
    const update = await run(['update']);
    expect([update.exitCode, await userOf(`user_${ana}`), await userOf(shop.sessao)]).toEqual([1, ana, bia]);
    expect(update.text).toContain('5 instances, 2 without a user.');
    expect((await run(['migrate', 'antiga'], { user: ana })).text).toMatch(`user ${ana} already has user_${ana}`);
    expect((await run(['migrate', 'antiga'])).exitCode).toBe(1);
    const dora = randomUUID();
    expect((await run(['migrate', 'antiga'], { user: dora, dryRun: true })).exitCode).toBe(1);
    expect(await userOf('antiga')).toBeNull();
    expect((await run(['migrate', 'antiga'], { user: dora.toUpperCase(), organization })).exitCode).toBe(0);
    expect(await userOf('antiga')).toBe(dora);
    expect(await run(['migrate', 'antiga'])).toEqual({ text: `antiga has its user already: ${dora}.\n`, exitCode: 0 });
    await run(['migrate', 'outra'], { user: randomUUID() });
    expect((await run(['check'])).exitCode).toBe(0);
  });

  test.each<[string[], { user?: string }, string]>([
    [['mend'], {}, 'There is no "mend".'],
    [['migrate'], {}, 'The name of an instance is needed'],
    [['migrate', 'nobody'], {}, 'There is no instance "nobody".'],
    [['migrate', 'sem-dono'], { user: ' ' }, '--user must be a UUID, or another text'],
  ])('%j %j is refused with the fix', async (args, options, sentence) => {
    await insert('sem-dono').catch(() => undefined);
    await expect(run(args, options)).rejects.toThrow(sentence);
    await gateway.database.sql`delete from whatsapp_instances where instance_name = 'sem-dono'`;
  });

  test('the table of an older system is taken over with its rows, and follows from then on', async () => {
    const { sql, service } = gateway.database;
    const [ana, id] = [randomUUID(), randomUUID()];
    await sql.unsafe('drop table whatsapp_instances');
    await sql.unsafe(`create table whatsapp_instances (id uuid primary key, instance_name text unique not null, qr_code text);
      insert into whatsapp_instances values ('${id}', 'user_${ana}', null), (gen_random_uuid(), 'antiga', null)`);
    const file = new URL('../../supabase/migrations/20261121001800_instancias.sql', import.meta.url);
    const migration = await readFile(file, 'utf8');
    await sql.unsafe(migration);
    await sql.unsafe(migration);
    const session = aSession({ sessao: `user_${ana}`, owner_id: ana, estado: 'ready', numero: '5511999999999' });
    await service.registrarEventos([session]);
    const [row] = await sql`select * from whatsapp_instances where instance_name = ${`user_${ana}`}`;
    expect(row).toMatchObject({
      id,
      user_id: ana,
      status: 'connected',
      is_connected: true,
      phone_number: '5511999999999',
    });
    expect((await run(['check'])).text).toMatch(/antiga +needs a person/);
    await sql`delete from whatsapp_instances`;
  });

  test('a copy that cannot be written never holds up the connection’s row', async () => {
    const { sql, service } = gateway.database;
    const ana = randomUUID();
    await sql.unsafe(`alter table whatsapp_instances add constraint nada check (instance_name <> 'user_${ana}')`);
    const session = aSession({ sessao: `user_${ana}`, owner_id: ana, estado: 'ready' });
    expect((await service.registrarEventos([session]))[0]?.resultado).not.toBe('ignorada');
    const [row] = await sql`select estado from whatsapp_sessions where session_name = ${session.sessao}`;
    expect(row).toEqual({ estado: 'ready' });
    await sql.unsafe('alter table whatsapp_instances drop constraint nada');
  });
});
