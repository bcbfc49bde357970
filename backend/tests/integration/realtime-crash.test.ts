import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Simulator, type Contact, type Phone } from '../../src/simulator/index.js';
import { Daemon } from '../support/daemon.js';
import { CONNECTIONS } from '../support/gateway.js';
import type { HttpClient } from '../support/http-client.js';
import { leakGuard } from '../support/leak-guard.js';
import { SocketClient } from '../support/socket-client.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const assertClosed = leakGuard();
let dir: string;
let port: number;
let simulator: Simulator;
let daemon: Daemon;
let phone: Phone;
let ana: Contact;
let client: SocketClient;

async function start(): Promise<HttpClient> {
  daemon = await Daemon.spawn(dir, simulator, { PORT: String(port) });
  return (await daemon.ready()).http;
}

const estado = async (http: HttpClient) =>
  (await http.get<{ data: { estado: string } }>(`${CONNECTIONS}/loja`)).body.data?.estado;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-realtime-'));
  // As root, the embedded Postgres runs as somebody else, who must get there.
  await chmod(dir, 0o711);
  // The same one after each start, as clients know it: somebody takes a free one and leaves.
  const somebody = new WebhookReceiver();
  await somebody.up();
  port = Number(new URL(somebody.url).port);
  await somebody.down();
  simulator = await Simulator.start();
  phone = simulator.createPhone({ number: '5511970000201' });
  ana = simulator.createContact({ number: '5511970000211', name: 'Ana' });
});

afterAll(async () => {
  client?.close();
  await daemon.end('SIGTERM');
  await simulator.stop();
  await rm(dir, { recursive: true, force: true });
  await assertClosed();
}, 30_000);

test('a client hears every message, in order, over two kills of the gateway', async () => {
  const http = await start();
  await http.post(CONNECTIONS, { connectionId: 'loja' });
  await phone.scan((await http.get<{ code: string }>(`${CONNECTIONS}/loja/qr`)).body.code);
  await until('the connection', async () => (await estado(http)) === 'ready');
  client = await SocketClient.ready(http.baseUrl, { reconnects: true });
  const sent: string[] = [];
  const write = async (count: number) => {
    const messages = Array.from({ length: count }, () => {
      sent.push(`mensagem ${sent.length + 1}`);
      return ana.send(phone, sent.at(-1)!);
    });
    await Promise.all(messages.map(({ receipted }) => receipted));
  };
  const texts = () => {
    const seen = new Set<string>();
    const fresh = client.ofType('messageReceived').filter(({ body }) => !seen.has(body.id) && seen.add(body.id));
    return fresh.map(({ body }) => body.data['conteudo']);
  };
  await write(20);
  await until('the first', () => texts().length > 0);
  // Some of it is told, some is journaled, and nobody says goodbye.
  await daemon.end('SIGKILL');
  for (let kills = 0; kills < 2; kills++) {
    const again = await start();
    await until('the connection', async () => (await estado(again)) === 'ready', 40_000);
    await write(20);
    if (kills === 0) await daemon.end('SIGKILL');
  }
  await until('every message', () => texts().length === sent.length, 60_000);
  expect(texts()).toEqual(sent);
}, 180_000);
