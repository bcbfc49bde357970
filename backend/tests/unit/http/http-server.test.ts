import { Agent, get, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { HttpServer } from '../../../src/http/http-server.js';
import { deferred } from '../../../src/lib/deferred.js';
import { isGatewayError } from '../../../src/lib/errors.js';
import { silentLog } from '../../../src/lib/log.js';
import { anApp } from './scripted-gateway.js';

const opened: HttpServer[] = [];
const agent = new Agent({ keepAlive: true });

function aServer(app: RequestListener = anApp().app, port = 0): HttpServer {
  const server = new HttpServer({ app: () => Promise.resolve(app), host: '127.0.0.1', port, log: silentLog });
  opened.push(server);
  return server;
}

afterEach(async () => {
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
