import { createServer, type AddressInfo, type Socket } from 'node:net';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { FaultProxy } from '../support/fault-proxy.js';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

/** The database's API behind a port on which the network fails. */
const gateway = aGateway();
let proxy: FaultProxy;
let shop: PairedConnection;

beforeAll(async () => {
  proxy = new FaultProxy(Number(new URL(gateway.database.url).port));
  await proxy.up();
  gateway.onClose(() => proxy.down());
  await gateway.restart({ SUPABASE_URL: `http://127.0.0.1:${proxy.port}` });
  shop = await gateway.aPairedConnection();
}, 60_000);

beforeEach(() => proxy.up());

/** Ten messages in and one out while the network fails; afterwards each is a row, once and in order. */
async function playThrough(begin: () => unknown, end: () => unknown): Promise<void> {
  const ana = gateway.aCustomer();
  const before = ana.send(shop.phone, 'antes');
  const first = await gateway.crm.mensagem(shop.id, before.id);
  await begin();
  const sent = Array.from({ length: 10 }, (_, index) => ana.send(shop.phone, `durante ${index + 1}`));
  await Promise.all(sent.map(({ receipted }) => receipted));
  const { body } = await gateway.send(shop.id, { to: ana.number, content: 'resposta' });
  await end();
  // Instead of waiting out a backoff.
  gateway.parts.projector.wake();
  await gateway.crm.mensagem(shop.id, body.message.whatsappId, (row) => row['status'] === 'ENTREGUE');
  const rows = await gateway.crm.mensagens(shop.id, { contato_id: first['contato_id'] });
  expect(rows.map((row) => row['conteudo'])).toEqual([
    'antes',
    ...sent.map((_, index) => `durante ${index + 1}`),
    'resposta',
  ]);
}

test('connections are refused', () =>
  playThrough(
    () => proxy.down(),
    () => proxy.up(),
  ));

test('nothing answers, then the connections break', () =>
  playThrough(
    () => (proxy.silent = true),
    async () => {
      await proxy.up();
      proxy.reset();
    },
  ));

test('every answer takes its time', () =>
  playThrough(
    () => (proxy.latencyMs = 100),
    () => undefined,
  ));

test('the answer is lost after the commit', () =>
  playThrough(
    () => (proxy.losses = 3),
    () => until('the lost answers', () => proxy.losses === 0),
  ));

test('connections are reset in the middle of a request', () =>
  playThrough(
    () => proxy.resetAfter(1500),
    () => undefined,
  ));

test('the server has gone and the socket does not know', () =>
  playThrough(
    () => {
      proxy.silent = true;
      proxy.halfOpen = true;
    },
    async () => {
      proxy.reset();
      await proxy.up();
    },
  ));

test('a fault that is not its own never parks an entry', () => {
  expect(gateway.parts.journal.stats().deadLetters).toBe(0);
});

test('an own Postgres that does not answer at the start keeps no socket closed, and a stop meanwhile opens no door', async () => {
  const ana = gateway.aCustomer();
  await gateway.stop();
  const held: Socket[] = [];
  const silent = createServer((socket) => held.push(socket)).listen(0, '127.0.0.1');
  await until('the port', () => silent.listening);
  const own = `postgres://postgres@127.0.0.1:${(silent.address() as AddressInfo).port}/postgres`;
  const starting = gateway.start({ SUPABASE_URL: '', SUPABASE_SERVICE_ROLE_KEY: '', DATABASE_URL: own });
  const ended = starting.then(
    () => 'started',
    () => 'stopped',
  );
  await until('the database to be asked', () => held.length > 0);
  await until('its socket', () => gateway.parts.pool.get(shop.id)?.estado === 'ready');
  const early = ana.send(shop.phone, 'cedo');
  await early.receipted;
  const { http, bootstrap } = gateway.parts;
  const services = () => bootstrap.status().services;
  const stopped = gateway.stop();
  await until('the services to have stopped, database or not', () => services().supabase.state === 'stopped');
  for (const socket of held) socket.destroy();
  silent.close();
  await stopped;
  expect(await ended).toBe('stopped');
  expect(() => http.address()).toThrow('does not listen');
  await gateway.start({ SUPABASE_URL: `http://127.0.0.1:${proxy.port}` });
  await gateway.crm.mensagem(shop.id, early.id);
});
