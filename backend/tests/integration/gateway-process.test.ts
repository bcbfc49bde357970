import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Simulator, type Contact, type Phone } from '../../src/simulator/index.js';
import type { Crm } from '../support/crm.js';
import { Daemon } from '../support/daemon.js';
import { CONNECTIONS, verdict } from '../support/gateway.js';
import type { HttpClient } from '../support/http-client.js';
import { leakGuard } from '../support/leak-guard.js';
import { until } from '../support/until.js';

const assertClosed = leakGuard();
const daemons: Daemon[] = [];
let dir: string;
let simulator: Simulator;
let phone: Phone;
let ana: Contact;

const aDaemon = async (env: Record<string, string> = {}) => {
  const daemon = await Daemon.spawn(dir, simulator, env);
  daemons.push(daemon);
  return daemon;
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-process-'));
  // As root, the embedded Postgres runs as somebody else, who must get there.
  await chmod(dir, 0o711);
  simulator = await Simulator.start();
  phone = simulator.createPhone({ number: '5511970000001' });
  ana = simulator.createContact({ number: '5511970000002', name: 'Ana' });
});

afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.end('SIGTERM');
}, 30_000);

afterAll(async () => {
  await simulator.stop();
  await rm(dir, { recursive: true, force: true });
  await assertClosed();
}, 30_000);

const estado = async (http: HttpClient) =>
  (await http.get<{ data: { estado: string } }>(`${CONNECTIONS}/loja`)).body.data?.estado;
const texts = async (crm: Crm) => (await crm.mensagens('loja')).map((row) => row['conteudo']);

test('bad settings end the start with code 78 and every problem in one list', async () => {
  const daemon = await aDaemon({
    PORT: 'abc',
    MAX_CONNECTIONS: 'ten',
    HOST: 'não é',
    LOG_LEVEL: 'loud',
    API_KEY: 'curta',
  });
  expect(await daemon.end()).toBe(78);
  for (const key of ['PORT', 'MAX_CONNECTIONS', 'HOST', 'LOG_LEVEL', 'API_KEY'])
    expect(daemon.stderr).toContain(`- ${key} must`);
  expect(daemon.stderr).not.toContain('curta');
}, 60_000);

test('from an empty folder to rows; a second daemon beside it is refused; SIGTERM ends it in order, with code 0', async () => {
  const daemon = await aDaemon();
  const { http, crm } = await daemon.ready();
  expect((await http.post(CONNECTIONS, { connectionId: 'loja' })).status).toBe(201);
  await phone.scan((await http.get<{ code: string }>(`${CONNECTIONS}/loja/qr`)).body.code);
  await until('the connection', async () => (await estado(http)) === 'ready');
  await ana.send(phone, 'um').receipted;
  await until('the row', async () => (await texts(crm)).length === 1);
  const second = await aDaemon();
  expect(await second.end()).toBe(1);
  expect(second.stderr).toMatch(/^The data directory .* is in use by process \d+\.$/m);
  expect(verdict(await http.get('/health/ready'))).toBe('200');
  // 0 means within its own limit of 10 s: later it ends itself with 1.
  expect(await daemon.end('SIGTERM')).toBe(0);
}, 90_000);

test('after SIGKILL it starts again over the orphaned database, and nothing is missing', async () => {
  const first = await aDaemon();
  const { http, crm } = await first.ready();
  await until('the connection', async () => (await estado(http)) === 'ready');
  await ana.send(phone, 'dois').receipted;
  await until('the row', async () => (await texts(crm)).length === 2);
  const sent = ['três', 'quatro'].map((text) => ana.send(phone, text));
  await first.end('SIGKILL');
  const again = await aDaemon();
  const next = await again.ready();
  await Promise.all(sent.map(({ receipted }) => receipted));
  await until('all rows', async () => (await texts(next.crm)).length === 4);
  expect(await texts(next.crm)).toEqual(['um', 'dois', 'três', 'quatro']);
  const answer = await next.http.post('/api/whatsapp-integration/messages/send', {
    connectionId: 'loja',
    to: ana.number,
    content: 'de volta',
  });
  expect(answer.status).toBe(201);
}, 90_000);
