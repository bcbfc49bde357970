import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { Simulator, type Contact, type Phone } from '../../src/simulator/index.js';
import { Daemon } from '../support/daemon.js';
import { CONNECTIONS } from '../support/gateway.js';
import type { HttpClient } from '../support/http-client.js';
import { leakGuard } from '../support/leak-guard.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const WEBHOOKS = '/api/whatsapp-bootstrap/webhooks';
const assertClosed = leakGuard();
const receiver = new WebhookReceiver();
let dir: string;
let simulator: Simulator;
let daemon: Daemon;
let phone: Phone;
let customers: Contact[];

/** Starts the daemon (again) on the same directory and waits for its connection. */
async function start(connected = true): Promise<HttpClient> {
  daemon = await Daemon.spawn(dir, simulator, { OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1' });
  const { http } = await daemon.ready();
  if (connected) await until('the connection', async () => (await estado(http)) === 'ready', 40_000);
  return http;
}

const estado = async (http: HttpClient) =>
  (await http.get<{ data: { estado: string } }>(`${CONNECTIONS}/loja`)).body.data?.estado;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-webhooks-'));
  // As root, the embedded Postgres runs as somebody else, who must get there.
  await chmod(dir, 0o711);
  simulator = await Simulator.start();
  phone = simulator.createPhone({ number: '5511970000101' });
  customers = ['Ana', 'Bia', 'Caio'].map((name, index) =>
    simulator.createContact({ number: `551197000011${index}`, name }),
  );
  // It takes a port and goes down.
  await receiver.up();
  await receiver.down();
});

afterAll(async () => {
  await daemon.end('SIGTERM');
  await receiver.down();
  await simulator.stop();
  await rm(dir, { recursive: true, force: true });
  await assertClosed();
}, 30_000);

test('a receiver that was down over two kills of the gateway gets every event, in order, repeated only under its id', async () => {
  let http = await start(false);
  await http.post(CONNECTIONS, { connectionId: 'loja' });
  await phone.scan((await http.get<{ code: string }>(`${CONNECTIONS}/loja/qr`)).body.code);
  await until('the connection', async () => (await estado(http)) === 'ready');
  const created = await http.post<{ secret: string; webhook: { id: string } }>(WEBHOOKS, {
    url: receiver.url,
    connectionId: 'loja',
    events: ['messageReceived'],
  });
  expect(created.status).toBe(201);
  const { secret, webhook } = created.body;
  const sent: string[] = [];
  const write = async (count: number) => {
    const messages = Array.from({ length: count }, (_, index) => {
      const text = `mensagem ${sent.length + 1}`;
      sent.push(text);
      return customers[index % customers.length]!.send(phone, text);
    });
    await Promise.all(messages.map(({ receipted }) => receipted));
  };

  // Down: events pile up on the disk, and two kills come in between.
  await write(30);
  await daemon.end('SIGKILL');
  http = await start();
  await write(30);
  await daemon.end('SIGKILL');
  expect(receiver.received).toEqual([]);

  // Up, and killed once more in the middle of delivering.
  receiver.answer = (_delivery, res) => void setTimeout(() => res.writeHead(200).end(), 20).unref();
  await receiver.up();
  await start();
  await until('some deliveries', () => receiver.received.length >= 7, 90_000);
  await daemon.end('SIGKILL');
  receiver.answer = (_delivery, res) => void res.writeHead(204).end();
  http = await start();
  await write(10);
  await until('every event', () => receiver.fresh.length === sent.length, 90_000);

  const { fresh, received } = receiver;
  expect(fresh.map(({ json }) => json.data['conteudo']).sort()).toEqual([...sent].sort());
  const order = fresh.map(({ json }) => Number(json.data['ordem']));
  expect(order).toEqual([...order].sort((a, b) => a - b));
  // A repetition says what the first one said, and is signed anew.
  for (const { id, body } of received) expect(body).toBe(fresh.find((first) => first.id === id)?.body);
  const verifier = new Webhook(secret);
  for (const { body, headers } of received) verifier.verify(body, headers as Record<string, string>);
  const ledger = await http.get<{ data: { state: string }[] }>(`${WEBHOOKS}/${webhook.id}/deliveries?limit=200`);
  await until('the ledger', async () => {
    const { body } = await http.get<{ data: { state: string }[] }>(`${WEBHOOKS}/${webhook.id}/deliveries?limit=200`);
    return body.data.every(({ state }) => state === 'delivered');
  });
  expect(ledger.body.data).toHaveLength(sent.length);
}, 300_000);
