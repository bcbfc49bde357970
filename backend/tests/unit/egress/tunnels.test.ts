import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { AddressPolicy } from '../../../src/egress/address-policy.js';
import { openTunnel, type Proxy, type TunnelDeps } from '../../../src/egress/open-tunnel.js';
import { GatewayError } from '../../../src/lib/errors.js';
import { UserProxy } from '../../support/user-proxy.js';

const LOGIN = { username: 'loja', password: 'segredo-do-proxy-91' };
const PROTOCOLS = ['http', 'https', 'socks5'] as const;
let echo: Server;
let proxy: UserProxy;
let cert: { key: string; cert: string };

const target = () => ({ host: '127.0.0.1', port: (echo.address() as { port: number }).port });
const deps = (more: Partial<TunnelDeps> = {}): TunnelDeps => ({
  policy: new AddressPolicy(['127.0.0.1']),
  timeoutMs: 5_000,
  ca: cert.cert,
  ...more,
});
const a = (protocol: Proxy['protocol'], more: Partial<Proxy> = {}): Proxy => ({
  ...{ protocol, host: '127.0.0.1', port: proxy.port, ...LOGIN },
  ...more,
});

async function aProxy(protocol: Proxy['protocol']): Promise<void> {
  proxy = await new UserProxy(
    protocol === 'socks5' ? 'socks5' : 'http',
    LOGIN,
    protocol === 'https' ? cert : null,
  ).up();
}

async function failure(work: Promise<Socket>): Promise<GatewayError> {
  const error: unknown = await work.then(
    (socket) => socket.destroy(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof GatewayError)) throw new Error('it was no GatewayError', { cause: error });
  return error;
}

beforeEach(async () => {
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  cert = { key: made.private, cert: made.cert };
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
});
afterEach(async () => {
  await proxy.down();
  await new Promise((resolve) => echo.close(resolve));
});

test.each(PROTOCOLS)('bytes go both ways through a proxy: %s', async (protocol) => {
  await aProxy(protocol);
  const socket = await openTunnel(a(protocol), target(), deps());
  socket.write('olá');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toBe('olá');
  socket.destroy();
});

test.each(PROTOCOLS)('no error of a proxy names the password, at any depth: %s', async (protocol) => {
  await aProxy(protocol);
  const errors = [
    await failure(openTunnel(a(protocol, { password: 'outra-senha-17' }), target(), deps())),
    await failure(openTunnel(a(protocol), { ...target(), port: 9 }, deps())),
  ];
  expect(errors.map(({ code }) => code)).toEqual(['PROXY_REFUSED', 'PROXY_UNREACHABLE']);
  expect(inspect(errors, { depth: null, showHidden: true })).not.toMatch(/segredo|outra-senha/);
});

test.each(PROTOCOLS)('a proxy that takes the connection and says nothing is given up: %s', async (protocol) => {
  await aProxy(protocol);
  proxy.silent = true;
  const error = await failure(openTunnel(a(protocol), target(), deps({ timeoutMs: 300 })));
  expect(error.code).toBe('PROXY_UNREACHABLE');
});

test.each(PROTOCOLS)('a name of a proxy that leads to a private address is not connected to: %s', async (protocol) => {
  await aProxy(protocol);
  const resolve = (_host: string, _options: unknown, answer: (error: null, addresses: LookupAddress[]) => void): void =>
    answer(null, [{ address: '127.0.0.1', family: 4 }]);
  const named = a(protocol, { host: 'proxy.example.com' });
  const error = await failure(openTunnel(named, target(), deps({ policy: new AddressPolicy([]), resolve })));
  expect(error.code).toBe('FORBIDDEN_DESTINATION');
  expect(proxy.tunnels).toEqual([]);
});

test('an https proxy whose certificate is not trusted gets no credentials', async () => {
  await aProxy('https');
  const { ca: _ca, ...untrusting } = deps();
  const error = await failure(openTunnel(a('https'), target(), untrusting));
  expect(error.code).toBe('PROXY_UNREACHABLE');
  expect(proxy.strangers + proxy.tunnels.length).toBe(0);
});
