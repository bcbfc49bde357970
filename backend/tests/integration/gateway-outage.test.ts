import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../src/lib/clock.js';
import { silentLog } from '../../src/lib/log.js';
import { PostgresCluster } from '../../src/supabase/local/cluster.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { Crm } from '../support/crm.js';
import { aGateway, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

/** An own Postgres that these tests stop and start, behind a port that they take away. */
const gateway = aGateway();
let dir: string;
let cluster: PostgresCluster;
let proxy: FaultProxy;
let crm: Crm;

const newCluster = () => new PostgresCluster({ dataDir: dir, log: silentLog, clock: systemClock });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-outage-'));
  cluster = newCluster();
  const { socketDir, port } = await cluster.start();
  proxy = new FaultProxy(`${socketDir}/.s.PGSQL.${port}`);
  await proxy.up();
  await gateway.restart({
    SUPABASE_URL: '',
    SUPABASE_SERVICE_ROLE_KEY: '',
    DATABASE_URL: `postgres://postgres@127.0.0.1:${proxy.port}/postgres`,
    SUPABASE_LOCAL_PORT: '0',
  });
  const { url, serviceRoleKey } = gateway.parts.databaseHost.current!;
  crm = new Crm(url, serviceRoleKey);
  gateway.onClose(async () => {
    await proxy.down();
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  });
}, 60_000);

const outages: [string, () => Promise<void>, () => Promise<void>][] = [
  ['is refused', () => proxy.down(), () => proxy.up()],
  [
    'is stopped',
    () => cluster.stop(),
    async () => {
      cluster = newCluster();
      await cluster.start();
    },
  ],
];

test.each(outages)(
  'while the database %s: messages are received and receipted, sends go on, reads say so; then all of it is written, in order, once',
  async (what, down, up) => {
    const heard: string[] = [];
    const off = [
      gateway.parts.events.on('supabaseOffline', () => heard.push('offline')),
      gateway.parts.events.on('supabaseOnline', () => heard.push('online')),
    ];
    const id = what.replace(/\W/g, '-');
    const shop = await gateway.aPairedConnection(id);
    const ana = gateway.aCustomer();
    const first = ana.send(shop.phone, 'antes');
    await crm.mensagem(id, first.id);
    const [atendimento] = await crm.atendimentos(id);
    await down();
    const sent = Array.from({ length: 20 }, (_, index) => ana.send(shop.phone, `durante ${index + 1}`));
    await Promise.all(sent.map(({ receipted }) => receipted));
    const answered = await gateway.send(id, { to: ana.number, content: 'resposta' });
    expect(answered).toMatchObject({ status: 201, body: { message: { atendimentoId: null, status: 'ENVIADA' } } });
    expect((await ana.nextMessage()).text).toBe('resposta');
    for (const path of [`messages/${String(atendimento!['id'])}`, 'atendimentos/active']) {
      const read = await gateway.http.get(`/api/whatsapp-integration/${path}`);
      expect([path, verdict(read)]).toEqual([path, '503 DATABASE_UNAVAILABLE']);
      expect(Number(read.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const byId = '/api/whatsapp-integration/messages/by-id';
    for (const known of [answered.body.message.id!, answered.body.message.whatsappId]) {
      const told = await gateway.http.get(`${byId}/${known}`);
      expect(told.body).toMatchObject({ message: { state: 'sent', attempts: 1, receipts: null, databaseAway: true } });
    }
    // Only the database knows whether there is one, and whose.
    expect(verdict(await gateway.http.get(`${byId}/3EB0000000000000000000`))).toBe('503 DATABASE_UNAVAILABLE');
    expect((await gateway.http.get('/health/ready')).status).toBe(200);
    const { body } = await gateway.http.get<{ queues: { pendingEntries: number }; supabase: { reachable: boolean } }>(
      '/api/whatsapp-bootstrap/stats',
    );
    expect(body.supabase.reachable).toBe(false);
    expect(body.queues.pendingEntries).toBeGreaterThan(20);
    const test = await gateway.http.post<{ steps: { name: string; ok: boolean }[] }>('/api/whatsapp-bootstrap/test');
    expect(test.status).toBe(503);
    expect(test.body.steps.find(({ name }) => name === 'database')).toMatchObject({ ok: false });
    const created = await gateway.http.post('/api/whatsapp-integration/connections', { connectionId: `${id}-nova` });
    expect(created.status).toBe(201);
    await up();
    await crm.mensagem(id, answered.body.message.whatsappId, (row) => row['status'] === 'ENTREGUE');
    const rows = await crm.mensagens(id);
    expect(rows.map((row) => row['conteudo'])).toEqual([
      'antes',
      ...sent.map((_, index) => `durante ${index + 1}`),
      'resposta',
    ]);
    expect(await crm.atendimentos(id)).toMatchObject([{ id: atendimento!['id'], status: 'EM_ATENDIMENTO' }]);
    expect(await crm.session(`${id}-nova`)).toMatchObject({ nome: `${id}-nova` });
    await until('both events', () => heard.includes('offline') && heard.includes('online'));
    off.forEach((each) => each());
  },
);

test('a gateway that starts without its database receives, and writes when it is there', async () => {
  const { id, phone } = await gateway.aPairedConnection('sem-banco');
  await gateway.stop();
  await proxy.down();
  await gateway.start({
    SUPABASE_URL: '',
    SUPABASE_SERVICE_ROLE_KEY: '',
    DATABASE_URL: `postgres://postgres@127.0.0.1:${proxy.port}/postgres`,
    SUPABASE_LOCAL_PORT: '0',
  });
  await gateway.untilEstado(id, 'ready');
  const ana = gateway.aCustomer();
  const sent = ana.send(phone, 'ninguém em casa?');
  await sent.receipted;
  expect(verdict(await gateway.http.get('/api/whatsapp-integration/atendimentos/active'))).toBe(
    '503 DATABASE_UNAVAILABLE',
  );
  await proxy.up();
  const host = await until('the database', () => gateway.parts.databaseHost.current);
  crm = new Crm(host.url, host.serviceRoleKey);
  expect(await crm.mensagem(id, sent.id)).toMatchObject({ conteudo: 'ninguém em casa?' });
});
