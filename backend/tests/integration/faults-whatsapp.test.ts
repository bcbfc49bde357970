import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Contact } from '../../src/simulator/index.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

/** WhatsApp behind a port on which the network fails. */
const gateway = aGateway();
let proxy: FaultProxy;
let shop: PairedConnection;
let ana: Contact;

beforeAll(async () => {
  proxy = new FaultProxy(Number(new URL(gateway.simulator.wsUrl).port));
  await proxy.up();
  gateway.onClose(() => proxy.down());
  await gateway.restart({ WHATSAPP_WS_URL: `ws://127.0.0.1:${proxy.port}/ws/chat` });
  shop = await gateway.aPairedConnection();
}, 60_000);

beforeEach(async () => {
  await proxy.up();
  await gateway.untilEstado(shop.id, 'ready');
  ana = gateway.aCustomer();
});

const rowsOf = async (texts: string[]) => {
  const wanted = new Set(texts);
  const rows = await gateway.crm.mensagens(shop.id);
  return rows.map((row) => String(row['conteudo'])).filter((text) => wanted.has(text));
};

/** Writes `count` messages while the connection is away, and has them delivered at the next login. */
async function anOfflineSync(count: number): Promise<string[]> {
  const client = gateway.parts.pool.get(shop.id)!;
  await client.disconnect();
  const texts = Array.from({ length: count }, (_, index) => `${ana.number} ${index + 1}`);
  for (const text of texts) ana.send(shop.phone, text);
  await until('the messages at the server', () => shop.companion.mailbox.size >= count);
  client.initialize();
  return texts;
}

test.each([1, 100, 199])(
  'a reset at receipt %i of an offline sync of 200: each is a row, once and in order',
  async (nth) => {
    const { history } = gateway.simulator;
    const before = history.of('message.receipted').length;
    const texts = await anOfflineSync(200);
    await until('the receipt', () => history.of('message.receipted').length >= before + nth);
    proxy.reset();
    await until('all rows', async () => (await rowsOf(texts)).length >= 200);
    expect(await rowsOf(texts)).toEqual(texts);
    await until('all receipts', () => shop.companion.mailbox.size === 0);
  },
);

test('while WhatsApp refuses connections a send is accepted, and goes out when it is back', async () => {
  await proxy.down();
  await until('the loss', async () => (await gateway.connection(shop.id)).estado === 'reconnecting');
  const { status, body } = await gateway.send(shop.id, { to: ana.number, content: 'até já' });
  expect([status, body.message.status]).toEqual([202, 'PENDENTE']);
  await proxy.up();
  expect(await ana.nextMessage()).toMatchObject({ id: body.message.whatsappId, copies: 1 });
  await gateway.crm.mensagem(shop.id, body.message.whatsappId, (row) => row['status'] === 'ENTREGUE');
});

test('a slow network changes nothing but the time', async () => {
  proxy.latencyMs = 60;
  const texts = Array.from({ length: 10 }, (_, index) => `${ana.number} devagar ${index}`);
  for (const text of texts) ana.send(shop.phone, text);
  await until('all rows', async () => (await rowsOf(texts)).length >= texts.length);
  expect(await rowsOf(texts)).toEqual(texts);
});

test('messages into a dead socket are delivered once it is noticed', async () => {
  proxy.silent = true;
  const texts = Array.from({ length: 5 }, (_, index) => `${ana.number} vazio ${index}`);
  for (const text of texts) ana.send(shop.phone, text);
  await until('the attempts', () => shop.companion.mailbox.size >= texts.length);
  gateway.parts.pool.get(shop.id)!.recycle('no answer to a ping');
  await proxy.up();
  await until('all rows', async () => (await rowsOf(texts)).length >= texts.length);
  expect(await rowsOf(texts)).toEqual(texts);
});

test('a lost ack does not make a second message when the receipt shows that it arrived', async () => {
  gateway.simulator.faults.dropAcks(1);
  const { status, body } = await gateway.send(shop.id, { to: ana.number, content: 'uma vez' });
  expect([status, body.message.status]).toEqual([201, 'ENVIADA']);
  const attempts = gateway.simulator.history.of('send.received').filter(({ id }) => id === body.message.whatsappId);
  expect(attempts).toHaveLength(1);
});
