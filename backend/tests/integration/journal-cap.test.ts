import { beforeAll, expect, test } from '@jest/globals';
import { FaultProxy } from '../support/fault-proxy.js';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway({ JOURNAL_MAX_BYTES: '200000' });
let proxy: FaultProxy;
let shop: PairedConnection;

beforeAll(async () => {
  proxy = new FaultProxy(Number(new URL(gateway.database.url).port));
  await proxy.up();
  gateway.onClose(() => proxy.down());
  await gateway.restart({ SUPABASE_URL: `http://127.0.0.1:${proxy.port}` });
  shop = await gateway.aPairedConnection();
}, 60_000);

test('at the cap of the journal the socket is closed rather than a message dropped; alerts come before', async () => {
  const alerts: string[] = [];
  const off = gateway.parts.events.on('alert', ({ code, message }) => {
    if (code === 'JOURNAL_BUDGET') alerts.push(/\d+ %/.exec(message)?.[0] ?? message);
  });
  const ana = gateway.aCustomer();
  await gateway.crm.mensagem(shop.id, ana.send(shop.phone, 'antes').id);
  const { history } = gateway.simulator;
  await proxy.down();
  const from = history.events.length;
  const sent = Array.from({ length: 40 }, (_, index) => ana.send(shop.phone, `${'x'.repeat(10_000)} ${index}`));
  await until('the closed socket', () => history.after(from).some(({ kind }) => kind === 'socket.closed'));
  await until('the alerts', () => alerts.includes('100 %'));
  expect(alerts.slice(0, 3)).toEqual(['50 %', '80 %', '100 %']);
  const { liveBytes, maxBytes } = gateway.parts.journal.stats();
  expect(liveBytes).toBeLessThanOrEqual(maxBytes * 1.1);
  expect(shop.companion.mailbox.size).toBeGreaterThan(0);
  // A balancer must not send anybody here now.
  expect((await gateway.http.get('/health/ready')).status).toBe(503);
  await proxy.up();
  gateway.parts.projector.wake();
  await Promise.all(sent.map(({ receipted }) => receipted));
  await gateway.crm.mensagem(shop.id, sent.at(-1)!.id);
  const rows = await gateway.crm.mensagens(shop.id);
  expect(rows.map((row) => row['whatsapp_id']).slice(1)).toEqual(sent.map(({ id }) => id));
  await until('readiness', async () => (await gateway.http.get('/health/ready')).status === 200);
  off();
});
