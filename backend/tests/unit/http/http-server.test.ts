import { Agent, get, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { HttpServer } from '../../../src/http/http-server.js';
import { deferred } from '../../../src/lib/deferred.js';
import { isGatewayError } from '../../../src/lib/errors.js';
import { silentLog } from '../../../src/lib/log.js';
import { RawHttp } from '../../support/raw-http.js';
import { until } from '../../support/until.js';
import { KEY, anApp } from './scripted-gateway.js';

const opened: HttpServer[] = [];
const connections: RawHttp[] = [];
const agent = new Agent({ keepAlive: true });

function aServer(app: RequestListener = anApp().app, port = 0): HttpServer {
  const server = new HttpServer({ app: () => Promise.resolve(app), host: '127.0.0.1', port, log: silentLog });
  opened.push(server);
  return server;
}

afterEach(async () => {
  connections.splice(0).forEach((each) => each.end());
  agent.destroy();
  await Promise.all(opened.splice(0).map((server) => server.stop()));
});

async function fetchStatus(url: string): Promise<number | undefined> {
  const [res] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
  res.resume();
  await once(res, 'end');
  return res.statusCode;
}

test('it takes a free port, serves the app and tells where', async () => {
  const server = aServer();
  await Promise.all([server.start(), server.start()]);
  expect(server.address()).toMatchObject({ host: '127.0.0.1', port: expect.any(Number) });
  expect(await fetchStatus(`${server.address().url}/health/live`)).toBe(200);
});

test('a port that is taken is a configuration problem that names it', async () => {
  const first = aServer();
  await first.start();
  const second = aServer(undefined, first.address().port);
  const error: unknown = await second.start().catch((caught: unknown) => caught);
  expect(isGatewayError(error, 'BAD_CONFIGURATION') && error.message).toMatch(/PORT must be free .* another program/);
  await second.stop();
});

test('stop closes kept-alive connections at once and can be called twice, also before start', async () => {
  await aServer().stop();
  const server = aServer();
  await server.start();
  await fetchStatus(`${server.address().url}/health/live`);
  const startedAt = performance.now();
  await Promise.all([server.stop(), server.stop()]);
  expect(performance.now() - startedAt).toBeLessThan(1000);
  expect(() => server.address()).toThrow();
});

test('a request that runs when stop is called gets its answer', async () => {
  const [entered, answer] = [deferred(), deferred()];
  const server = aServer((_req, res) => {
    entered.resolve();
    void answer.promise.then(() => res.end('done'));
  });
  await server.start();
  const status = fetchStatus(server.address().url);
  await entered.promise;
  const stopped = server.stop();
  answer.resolve();
  expect(await status).toBe(200);
  await stopped;
});

test('a request that never ends holds the stop up for 3 s at most', async () => {
  const entered = deferred();
  const server = aServer(() => entered.resolve());
  await server.start();
  const socket = connect(server.address().port, '127.0.0.1');
  const closed = once(socket, 'close');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await entered.promise;
  const startedAt = performance.now();
  await server.stop();
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(4000);
});

/** A connection to the server that says only what a test has it say. */
async function raw(server: HttpServer): Promise<RawHttp> {
  const connection = await RawHttp.open(server.address().url);
  connections.push(connection);
  return connection;
}

test('HTTP/1.0, which nginx speaks to what is behind it, is a proxy while no key is set', async () => {
  const server = aServer();
  await server.start();
  const host = new URL(server.address().url).host;
  const asked = (await raw(server)).head('GET', '/api/whatsapp-bootstrap/status', { host }, '1.0');
  await until('the answer', () => asked.status);
  expect(asked.status).toBe(403);
  const absolute = (await raw(server)).head('GET', `http://${host}/api/whatsapp-bootstrap/status`, { host });
  await until('the answer', () => absolute.status);
  expect(absolute.status).toBe(403);
});

test.each([
  ['/api/whatsapp-integration/connections', 401],
  ['/api/whatsapp-integration/messages/send', 401],
  ['/no/such/route', 404],
])('a large body for %s is refused before its first byte, and its connection ends', async (path, status) => {
  const server = aServer(anApp({ apiKey: KEY, host: '0.0.0.0' }).app);
  await server.start();
  for (const length of [{ 'content-length': '50000000' }, { 'transfer-encoding': 'chunked' }]) {
    const type = { 'content-type': 'application/json' };
    const asked = (await raw(server)).head('POST', path, { host: 'gateway.example', ...type, ...length });
    await until('the answer', () => asked.status);
    expect(asked.status).toBe(status);
    await until('the end of the connection', () => asked.closed);
  }
});

test('a refusal leaves the connection to those whose small body came along', async () => {
  const server = aServer(anApp({ apiKey: KEY, host: '0.0.0.0' }).app);
  await server.start();
  const head = { host: 'gateway.example', 'content-type': 'application/json', 'content-length': '2' };
  const asked = (await raw(server)).head('POST', '/api/whatsapp-integration/connections', head);
  await until('the refusal', () => asked.status);
  asked.say('{}').head('GET', '/health/live', { host: 'gateway.example' });
  await until('the next answer', () => asked.heard.includes('200 OK'));
});

test('connections that say nothing give way to those that ask', async () => {
  const server = aServer();
  await server.start();
  const silent = await Promise.all(Array.from({ length: 700 }, () => raw(server)));
  expect(await fetchStatus(`${server.address().url}/health/live`)).toBe(200);
  await until('some to be closed', () => silent.filter(({ closed }) => closed).length >= 100);
  expect(server.gate.unproven).toBeLessThanOrEqual(600);
});
