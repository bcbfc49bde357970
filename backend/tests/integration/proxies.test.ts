import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { aGateway, CONNECTIONS, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';
import { UserProxy } from '../support/user-proxy.js';

const gateway = aGateway(
  { OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1', FFMPEG_PATH: '/nonexistent/ffmpeg' },
  { logs: true },
);
const LOGIN = { username: 'loja', password: 'segredo-do-proxy-91' };
const PNG = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489000000004944415435af061e', 'hex'),
  randomBytes(50_000),
]);
let proxy: UserProxy;

const wsPort = () => new URL(gateway.simulator.wsUrl).port;
const mediaPort = () => new URL(gateway.simulator.media.url).port;
const asked = (protocol = 'http', login: object = LOGIN) => ({
  protocol,
  host: '127.0.0.1',
  port: proxy.port,
  ...login,
});
const patch = (id: string, body: object) => gateway.http.patch<unknown>(`${CONNECTIONS}/${id}`, body);

async function aProxy(kind: 'http' | 'socks5' = 'http', login: typeof LOGIN | null = LOGIN): Promise<UserProxy> {
  proxy = await new UserProxy(kind, login).up();
  return proxy;
}

beforeEach(async () => {
  await aProxy();
});
afterEach(async () => {
  for (const { id } of (await gateway.http.get<{ data: { id: string }[] }>(CONNECTIONS)).body.data) {
    await gateway.http.delete(`${CONNECTIONS}/${id}`);
  }
  await proxy.down();
});

async function bringsAPicture(shop: PairedConnection): Promise<string> {
  const file = await gateway.simulator.media.upload(PNG, 'image');
  return gateway.aCustomer().send(shop.phone, { imageMessage: { ...file, mimetype: 'image/png' } }).id;
}

async function sendsAPicture(shop: PairedConnection): Promise<void> {
  const ana = gateway.aCustomer();
  const mediaBase64 = PNG.toString('base64');
  const answer = await gateway.send(shop.id, { to: ana.pnJid, type: 'image', mediaBase64 });
  expect([201, 202]).toContain(answer.status);
  await ana.nextMessage();
}

test.each([
  ['http', LOGIN],
  ['http', null],
  ['socks5', LOGIN],
  ['socks5', null],
] as const)('everything of a connection goes through its proxy: %s, login %j', async (protocol, login) => {
  await proxy.down();
  await aProxy(protocol, login);
  const shop = await gateway.aPairedConnection(undefined, { proxy: asked(protocol, login ?? {}) });
  // The check, the socket that pairs, the one after pairing.
  expect(proxy.to(wsPort())).toBeGreaterThanOrEqual(3);
  expect(proxy.to(mediaPort())).toBe(0);
  await gateway.crm.mensagem(shop.id, await bringsAPicture(shop), (row) => row['midia_caminho']);
  const afterDownload = proxy.to(mediaPort());
  expect(afterDownload).toBeGreaterThanOrEqual(1);
  await sendsAPicture(shop);
  expect(proxy.to(mediaPort())).toBeGreaterThan(afterDownload);
});

test('a file is not fetched around a proxy that does not let it through, and comes when it does', async () => {
  const shop = await gateway.aPairedConnection(undefined, { proxy: asked() });
  let refused = 0;
  proxy.isBlocked = ({ port }) => String(port) === mediaPort() && ++refused > 0;
  const id = await bringsAPicture(shop);
  const { id: rowId } = await gateway.crm.mensagem(shop.id, id);
  await until('the proxy to have refused', () => refused > 0);
  proxy.isBlocked = () => false;
  expect(proxy.to(mediaPort())).toBe(0);
  const retry = () => gateway.http.post(`/api/whatsapp-integration/messages/${String(rowId)}/media/retry`, {});
  await until('the file to be asked for again', async () => (await retry()).status === 200);
  await gateway.crm.mensagem(shop.id, id, (row) => row['midia_caminho']);
  expect(proxy.to(mediaPort())).toBe(1);
});

test('a proxy that dies takes the connection to PROXY_UNREACHABLE, and brings it back when it is back', async () => {
  const { id } = await gateway.aPairedConnection(undefined, { proxy: asked() });
  await proxy.down();
  await until('the reason', async () => (await gateway.connection(id)).motivo === 'PROXY_UNREACHABLE');
  const { estado, conselho } = await gateway.connection(id);
  expect({ estado, conselho }).toEqual({ estado: 'reconnecting', conselho: expect.stringContaining('proxy') });
  await proxy.up();
  await gateway.untilEstado(id, 'ready');
});

test('a proxy that refuses a connected number later is PROXY_REFUSED, and is never gone around', async () => {
  const { id } = await gateway.aPairedConnection(undefined, { proxy: asked() });
  proxy.isBlocked = () => true;
  gateway.parts.pool.get(id)!.recycle('a test');
  await until('the reason', async () => (await gateway.connection(id)).motivo === 'PROXY_REFUSED');
  expect((await gateway.connection(id)).conselho).toContain('senha');
});

test.each([
  ['http', { username: 'loja', password: 'errada' }, '422 PROXY_REFUSED'],
  ['http', {}, '422 PROXY_REFUSED'],
  ['socks5', { username: 'loja', password: 'errada' }, '422 PROXY_REFUSED'],
  ['socks5', {}, '422 PROXY_REFUSED'],
] as const)(
  'a wrong login at a %s proxy is refused before anything is stored: %j',
  async (protocol, login, expected) => {
    await proxy.down();
    await aProxy(protocol);
    const answer = await gateway.http.post(CONNECTIONS, { connectionId: 'errada', proxy: asked(protocol, login) });
    expect(verdict(answer)).toBe(expected);
    expect(answer.body.error?.details).toMatchObject({ conselho: expect.stringContaining('senha') });
    expect(JSON.stringify(answer.body)).not.toContain('errada"');
    expect((await gateway.http.get(`${CONNECTIONS}/errada`)).status).toBe(404);
    expect(proxy.tunnels).toEqual([]);
  },
);

test('a proxy that nobody listens at is refused, and the one of before stays in use', async () => {
  const { id } = await gateway.aPairedConnection(undefined, { proxy: asked() });
  const dead = await new UserProxy('http').up();
  await dead.down();
  const answer = await patch(id, { proxy: { protocol: 'socks5', host: '127.0.0.1', port: dead.port } });
  expect(verdict(answer)).toBe('502 PROXY_UNREACHABLE');
  const { proxy: shown, estado } = await gateway.connection(id);
  expect({ shown, estado }).toEqual({ shown: { ...asked(), password: '***' }, estado: 'ready' });
});

test('a change takes effect by a new socket; what is shown can be sent back; null goes straight', async () => {
  const { id } = await gateway.aPairedConnection();
  expect((await gateway.connection(id)).proxy).toBeNull();
  expect((await patch(id, { proxy: asked() })).status).toBe(200);
  await gateway.untilEstado(id, 'ready');
  expect(proxy.to(wsPort())).toBe(2);
  const { proxy: shown } = await gateway.connection(id);
  expect(shown).toEqual({ ...asked(), password: '***' });
  const { password, ...rest } = shown!;
  for (const again of [shown, rest]) {
    expect((await patch(id, { proxy: again, settings: { ignorarGrupos: true } })).status).toBe(200);
    await gateway.untilEstado(id, 'ready');
  }
  expect(password).toBe('***');
  expect(proxy.strangers).toBe(0);
  const before = proxy.tunnels.length;
  expect((await patch(id, { proxy: null })).status).toBe(200);
  await gateway.untilEstado(id, 'ready');
  expect((await gateway.connection(id)).proxy).toBeNull();
  expect(proxy.tunnels).toHaveLength(before);
});

test('a stored password is never sent to another host or port', async () => {
  const { id } = await gateway.aPairedConnection(undefined, { proxy: asked() });
  const foreign = await new UserProxy('http', LOGIN).up();
  const moved = { ...asked(), port: foreign.port };
  expect(verdict(await patch(id, { proxy: { ...moved, password: '***' } }))).toBe('400 BAD_REQUEST');
  expect(verdict(await patch(id, { proxy: { ...moved, password: undefined } }))).toBe('422 PROXY_REFUSED');
  expect(foreign.strangers).toBe(1);
  await foreign.down();
});

test.each([
  ['169.254.169.254', '422 FORBIDDEN_DESTINATION'],
  ['10.0.0.1', '422 FORBIDDEN_DESTINATION'],
  ['::ffff:10.0.0.1', '422 FORBIDDEN_DESTINATION'],
  ['[::1]', '422 FORBIDDEN_DESTINATION'],
  ['http://127.0.0.1', '400 BAD_REQUEST'],
  ['a b', '400 BAD_REQUEST'],
  ['loja:x@127.0.0.1', '400 BAD_REQUEST'],
])('the address of a proxy passes the egress guard: %s', async (host, expected) => {
  for (const protocol of ['http', 'https', 'socks5']) {
    const answer = await gateway.http.post(CONNECTIONS, { connectionId: 'g', proxy: { protocol, host, port: 3128 } });
    expect(verdict(answer)).toBe(expected);
  }
});

test('an unknown field of a proxy is refused by name, and a connection of another driver refuses it', async () => {
  const typo = await gateway.http.post(CONNECTIONS, { connectionId: 't', proxy: { ...asked(), pasword: 'x' } });
  expect(verdict(typo)).toBe('400 BAD_REQUEST');
  expect(JSON.stringify(typo.body)).toContain('pasword');
  const remote = await gateway.http.post(CONNECTIONS, { connectionId: 't', driver: 'evolution', proxy: asked() });
  expect(verdict(remote)).toBe('409 WRONG_DRIVER');
});

test('a proxy given for a connection that is there is taken, not passed over', async () => {
  const { id } = await gateway.aPairedConnection();
  expect((await gateway.http.post(CONNECTIONS, { connectionId: id, proxy: asked() })).status).toBe(200);
  await gateway.untilEstado(id, 'ready');
  expect(proxy.to(wsPort())).toBe(2);
});

test('the password is in no file but sealed, in no answer, log or metric, and outlives a restart', async () => {
  const { id } = await gateway.aPairedConnection(undefined, { proxy: asked() });
  proxy.isBlocked = () => true;
  gateway.parts.pool.get(id)!.recycle('a test');
  await until('the reason', async () => (await gateway.connection(id)).motivo === 'PROXY_REFUSED');
  const paths = [CONNECTIONS, `${CONNECTIONS}/${id}`, '/status', '/metrics', '/stats', '/api/whatsapp/pool/clients'];
  const answers = await Promise.all(paths.map(async (path) => (await gateway.http.get(path)).bytes.toString()));
  proxy.isBlocked = () => false;
  const before = proxy.to(wsPort());
  await gateway.restart();
  await gateway.untilEstado(id, 'ready');
  expect(proxy.to(wsPort())).toBeGreaterThan(before);
  await gateway.stop();
  const files = await readdir(gateway.dataDir, { recursive: true, withFileTypes: true });
  const contents = await Promise.all(
    files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'latin1')),
  );
  const everything = [...answers, await gateway.logText(), ...contents].join('\n');
  const asHeader = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
  for (const secret of [LOGIN.password, asHeader]) expect(everything.includes(secret)).toBe(false);
  expect(everything).toContain('PROXY_REFUSED');
  await gateway.start();
});
