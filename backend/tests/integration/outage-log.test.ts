import { beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/lib/clock.js';
import { silentLog } from '../../src/lib/log.js';
import { PostgresCluster } from '../../src/supabase/local/cluster.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { Crm } from '../support/crm.js';
import { aGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

/** An own Postgres behind a port that the test takes away. */
const gateway = aGateway({ LOG_LEVEL: 'info' }, { logs: true });
let proxy: FaultProxy;

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'sentinela-outage-log-'));
  const cluster = new PostgresCluster({ dataDir: dir, log: silentLog, clock: systemClock });
  const { socketDir, port } = await cluster.start();
  proxy = new FaultProxy(`${socketDir}/.s.PGSQL.${port}`);
  await proxy.up();
  gateway.onClose(async () => {
    await proxy.down();
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  });
  await gateway.restart({
    ...{ SUPABASE_URL: '', SUPABASE_SERVICE_ROLE_KEY: '', SUPABASE_LOCAL_PORT: '0' },
    DATABASE_URL: `postgres://postgres@127.0.0.1:${proxy.port}/postgres`,
  });
}, 60_000);

interface Line {
  level: string;
  message: string;
  [key: string]: unknown;
}

test('an outage with traffic is one line when it begins and one when it ends, with counts of what was left out', async () => {
  const { url, serviceRoleKey } = gateway.parts.databaseHost.current!;
  const crm = new Crm(url, serviceRoleKey);
  const shop = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await crm.mensagem(shop.id, ana.send(shop.phone, 'antes').id);
  await proxy.down();
  const during = Array.from({ length: 20 }, (_, index) => ana.send(shop.phone, `durante ${index}`));
  for (let asked = 0; asked < 10; asked += 1) {
    const answer = await gateway.http.get('/api/whatsapp-integration/atendimentos/active');
    expect(answer.status).toBe(503);
  }
  await Promise.all(during.map(({ receipted }) => receipted));
  await gateway.send(shop.id, { to: ana.number, content: 'resposta' });
  const { body } = await gateway.http.get<{ services: { supabase: { reason: string } } }>(
    '/api/whatsapp-bootstrap/status',
  );
  expect(body.services.supabase.reason).toMatch(/^[A-Z_]+: O .*\./);
  await proxy.up();
  gateway.parts.projector.wake();
  await crm.mensagem(shop.id, during.at(-1)!.id);
  await until('the database to be back', () => gateway.parts.database.state === 'online');
  await gateway.stop();
  const lines = (await gateway.logText())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const loud = lines.filter(({ level }) => level === 'warn' || level === 'error');
  const begins = loud.filter(({ message }) => message === 'the database does not take our requests');
  const ends = lines.filter(({ message }) => message === 'the database is back');
  expect([begins.length, ends.length]).toEqual([1, 1]);
  expect(ends[0]).toMatchObject({ leftOut: { 'request not possible now': 10 }, offlineMs: expect.any(Number) });
  const from = lines.indexOf(begins[0]!);
  const others = lines.slice(from + 1, lines.indexOf(ends[0]!)).filter((line) => loud.includes(line));
  expect(others.map(({ message }) => message)).toEqual([]);
});
