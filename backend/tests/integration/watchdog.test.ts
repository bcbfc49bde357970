import { afterEach, expect, jest, test } from '@jest/globals';
import type { SelfTestReport } from '../../src/bootstrap/self-test.js';
import type { WatchdogReport } from '../../src/watchdog/watchdog-report.js';
import { DurableReceive } from '../../src/whatsapp/durable-receive.js';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway({ HEALTH_CHECK_INTERVAL_MS: '1000' });

afterEach(() => void jest.restoreAllMocks());

const report = async () => (await gateway.http.get<WatchdogReport>('/api/whatsapp-bootstrap/watchdog')).body;
const watched = async ({ id }: PairedConnection) =>
  (await report()).connections.find((each) => each.connectionId === id)!;

/** The clock runs ahead by so much, and the watchdog looks. */
function later(ms: number): void {
  const now = Date.now();
  jest.spyOn(gateway.parts.clock, 'now').mockReturnValue(now + ms);
  gateway.parts.watchdog.tick();
  jest.restoreAllMocks();
}

test('a stanza behind a held mutex: noticed, said, and a new socket delivers it', async () => {
  const shop = await gateway.aPairedConnection();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with `this` below
  const { take } = DurableReceive.prototype;
  const wedge = jest.spyOn(DurableReceive.prototype, 'take').mockImplementationOnce(function (
    this: DurableReceive,
    node,
  ) {
    return take.call(this, node, () => new Promise(() => undefined));
  });
  const sent = gateway.aCustomer().send(shop.phone, 'alguém aí?');
  await until('the stanza to be inside', async () => (await watched(shop)).probes.unfinishedMs !== null);
  wedge.mockRestore();
  const before = shop.companion.logins;
  later(61_000);
  expect((await watched(shop)).steps).toContainEqual({
    at: expect.any(String),
    step: 'flush',
    reasons: expect.arrayContaining(['STUCK_STANZA']),
  });
  later(80_000);
  await until('the next login', () => shop.companion.logins > before);
  await gateway.untilEstado(shop.id, 'ready');
  const { steps, rung, problems } = await watched(shop);
  expect([steps.map(({ step }) => step), rung, problems]).toEqual([
    expect.arrayContaining(['flush', 'reconnect']),
    'reconnect',
    [],
  ]);
  await until('the receipt', () => shop.companion.mailbox.size === 0);
  await gateway.crm.mensagem(shop.id, sent.id, (row) => row['conteudo'] === 'alguém aí?');
});

test('what is not connected is not healthy, in every figure: log, metric, self test, report and instance', async () => {
  const ready = await gateway.aPairedConnection();
  const off = await gateway.aPairedConnection();
  const out = await gateway.aPairedConnection();
  await gateway.parts.pool.get(off.id)!.disconnect();
  await gateway.parts.pool.get(out.id)!.logout();
  await gateway.untilEstado(off.id, 'disconnected');
  await gateway.untilEstado(out.id, 'logged_out');
  type Check = { total: number; healthy: number; unhealthy: string[] };
  const checks: Check[] = [];
  const stopHearing = gateway.parts.events.on('healthCheck', (check) => void checks.push(check));
  later(5_000);
  const { unhealthy, healthy, total } = await until('the check', () => checks.at(-1));
  stopHearing();
  expect(unhealthy).toEqual(expect.arrayContaining([off.id, out.id]));
  expect(unhealthy).not.toContain(ready.id);
  expect(healthy).toBe(total - unhealthy.length);
  const metrics = await (await fetch(`${gateway.http.baseUrl}/metrics`)).text();
  expect(metrics).toMatch(new RegExp(`^sentinela_connections_unhealthy ${unhealthy.length}$`, 'm'));
  expect([(await watched(ready)).status, (await watched(off)).status, (await watched(out)).status]).toEqual([
    'healthy',
    'disconnected',
    'disconnected',
  ]);
  expect((await watched(off)).healthyForMs).toBe(0);
  const { body: selfTest } = await gateway.http.post<{ success: boolean; steps: SelfTestReport['steps'] }>(
    '/api/whatsapp-bootstrap/test',
  );
  const stepOf = ({ id }: PairedConnection) => selfTest.steps.find(({ name }) => name === `connection:${id}`);
  expect(selfTest.success).toBe(false);
  expect(stepOf(ready)).toMatchObject({ ok: true });
  expect(stepOf(off)).toMatchObject({ ok: false, error: expect.stringMatching(/^not connected \(disconnected/) });
  expect(stepOf(out)).toMatchObject({ ok: false, error: expect.stringMatching(/^not connected \(logged_out.*QR/) });
});

test('a client that is recreated keeps its session, its sends and its place', async () => {
  const shop = await gateway.aPairedConnection();
  const old = gateway.parts.pool.get(shop.id);
  await Promise.all([gateway.parts.pool.recreate(shop.id), gateway.parts.pool.recreate(shop.id)]);
  await gateway.untilEstado(shop.id, 'ready');
  expect(gateway.parts.pool.get(shop.id)).not.toBe(old);
  const ana = gateway.aCustomer();
  expect((await gateway.send(shop.id, { to: ana.number, content: 'de volta' })).status).toBe(201);
  expect(await ana.nextMessage()).toMatchObject({ text: 'de volta' });
});

test('the report shows what is measured, and that WhatsApp answers', async () => {
  const shop = await gateway.aPairedConnection();
  await until('the ping', async () => (await watched(shop)).probes.ping);
  const { probes, status } = await watched(shop);
  expect([status, probes]).toMatchObject(['healthy', { estado: 'ready', wanted: true, ping: { ok: true } }]);
  const { settings, state } = await report();
  expect([state, settings.checkIntervalMs]).toEqual(['running', 1_000]);
  // The clock of an earlier test has jumped, which is a lag until the next look.
  await until('a look without problems', async () => (await report()).gateway.problems.length === 0);
  await until('the disk', async () => (await report()).gateway.probes.journalMs !== null);
});
