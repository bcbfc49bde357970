import { beforeAll, expect, test } from '@jest/globals';
import type { Contact } from '../../src/simulator/index.js';
import type { SentMessageResource } from '../../src/integration/resources.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const LIMIT_MS = 10_000;
let proxy: FaultProxy;

beforeAll(async () => {
  proxy = new FaultProxy(Number(new URL(gateway.database.url).port));
  await proxy.up();
  gateway.onClose(() => proxy.down());
  await gateway.restart({ SUPABASE_URL: `http://127.0.0.1:${proxy.port}` });
}, 60_000);

const start = () => gateway.start({ SUPABASE_URL: `http://127.0.0.1:${proxy.port}` });

/** Sends until the gateway does not answer any more. @returns what it has answered with 2xx */
async function sendUntilItEnds(shop: PairedConnection, to: Contact): Promise<SentMessageResource[]> {
  const accepted: SentMessageResource[] = [];
  const lanes = Array.from({ length: 4 }, async (_, lane) => {
    for (let index = 0; ; index++) {
      const answer = await gateway
        .send(shop.id, { to: to.number, content: `envio ${lane}/${index}` }, undefined, '?wait=0')
        .catch(() => null);
      if (answer === null || answer.status >= 300) return;
      accepted.push(answer.body.message);
    }
  });
  await Promise.all(lanes);
  return accepted;
}

async function timedStop(): Promise<number> {
  const startedAt = performance.now();
  await gateway.stop();
  return performance.now() - startedAt;
}

/** Every accepted send is one row that WhatsApp has accepted. */
async function expectAllSent(shop: PairedConnection, accepted: SentMessageResource[]): Promise<void> {
  const { history } = gateway.simulator;
  const ids = accepted.map(({ whatsappId }) => whatsappId);
  await until('the outbox to be empty', () => gateway.parts.journal.stats().outboxUnfinished === 0);
  const rows = await until('the rows', async () => {
    const found = await gateway.crm.mensagens(shop.id, { remetente: 'ATENDENTE' });
    return found.length >= ids.length && found.every((row) => row['status'] !== 'PENDENTE') && found;
  });
  expect(rows.map((row) => row['whatsapp_id']).sort()).toEqual([...ids].sort());
  const received = history.of('send.received').map(({ id }) => id);
  expect(ids.filter((id) => !received.includes(id))).toEqual([]);
}

test('a stop in the middle of traffic takes less than 10 s, and nothing that was accepted or receipted is missing', async () => {
  const shop = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const bruno = gateway.aCustomer();
  await gateway.crm.mensagem(shop.id, ana.send(shop.phone, 'antes').id);
  const incoming = Array.from({ length: 150 }, (_, index) => ana.send(shop.phone, `chegada ${index}`));
  const sending = sendUntilItEnds(shop, bruno);
  await until('traffic', async () => (await gateway.crm.mensagens(shop.id)).length > 20);
  expect(await timedStop()).toBeLessThan(LIMIT_MS);
  const accepted = await sending;
  expect(accepted.length).toBeGreaterThan(0);
  await start();
  await Promise.all(incoming.map(({ receipted }) => receipted));
  await gateway.crm.mensagem(shop.id, incoming.at(-1)!.id);
  await expectAllSent(shop, accepted);
  const arrived = await gateway.crm.mensagens(shop.id, { remetente: 'CLIENTE' });
  expect(arrived.map((row) => row['conteudo'])).toEqual(['antes', ...incoming.map((_, index) => `chegada ${index}`)]);
}, 90_000);

test('also when everything hangs at once: the database is silent, WhatsApp acknowledges nothing, a caller waits', async () => {
  const shop = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await gateway.crm.mensagem(shop.id, ana.send(shop.phone, 'antes').id);
  await gateway.send(shop.id, { to: ana.number, content: 'antes' });
  proxy.silent = true;
  gateway.simulator.faults.dropAcks(50);
  const waiting = gateway.send(shop.id, { to: ana.number, content: 'sem resposta' }, undefined, '?wait=30000');
  waiting.catch(() => undefined);
  const arrival = ana.send(shop.phone, 'sem banco');
  await arrival.receipted;
  await until('the send', () => gateway.parts.journal.stats().outboxUnfinished === 1);
  const tookMs = await timedStop();
  expect(tookMs).toBeLessThan(LIMIT_MS);
  await proxy.up();
  gateway.simulator.faults.dropAcks(0);
  await start();
  await gateway.crm.mensagem(shop.id, arrival.id);
  const sent = await gateway.crm.mensagens(shop.id, { conteudo: 'sem resposta' });
  await gateway.crm.mensagem(shop.id, String(sent[0]!['whatsapp_id']), (row) => row['status'] !== 'PENDENTE');
}, 90_000);
