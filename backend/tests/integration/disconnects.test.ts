import { afterEach, expect, test } from '@jest/globals';
import { aGateway, aNumber, CONNECTIONS, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const clientOf = ({ id }: PairedConnection) => gateway.parts.pool.get(id)!;
const logins = ({ companion }: PairedConnection) => companion.logins;

afterEach(() => gateway.simulator.faults.refuse(false));

test('commands that come all at once open one socket, and the last one wins', async () => {
  const shop = await gateway.aPairedConnection();
  const client = clientOf(shop);
  const opened = () => gateway.simulator.history.of('socket.opened').length;
  const [before, loginsBefore] = [opened(), logins(shop)];
  client.initialize();
  const commands = [client.reconnect(), client.reconnect(), client.reconnect()];
  client.initialize();
  await Promise.all(commands);
  await gateway.untilEstado(shop.id, 'ready');
  expect([opened() - before, logins(shop) - loginsBefore]).toEqual([1, 1]);
  await Promise.all([client.reconnect(), client.disconnect()]);
  client.wake();
  await gateway.untilEstado(shop.id, 'disconnected');
  expect([opened() - before, shop.companion.connected]).toEqual([1, false]);
  await Promise.all([client.disconnect(), client.reconnect()]);
  await gateway.untilEstado(shop.id, 'ready');
  expect(gateway.simulator.openSockets).toBe(1);
});

test('a restart of the services while connections reconnect leaves one socket each', async () => {
  const shop = await gateway.aPairedConnection();
  const { integration, pool } = gateway.parts;
  void clientOf(shop).reconnect();
  await Promise.all([integration.stop(), clientOf(shop).reconnect()]);
  integration.start();
  await until('the new client', () => pool.get(shop.id)?.estado === 'ready');
  const conflicts = (await gateway.crm.session(shop.id))['motivo'];
  expect([conflicts, shop.companion.connected]).toEqual([null, true]);
});

const ENDS = [
  [401, 'logged_out', 'LOGGED_OUT', 'disconnected'],
  [403, 'banned', 'ACCOUNT_LOCKED', 'error'],
  [406, 'banned', 'ACCOUNT_BANNED', 'error'],
  [409, 'conflict', 'CONFLICT', 'error'],
  [440, 'conflict', 'CONFLICT', 'error'],
  [411, 'error', 'MULTI_DEVICE_DISABLED', 'error'],
  [402, 'banned', 'BANNED', 'error'],
  [405, 'outdated', 'OUTDATED', 'error'],
] as const;

test.each(ENDS)(
  '%i: the API, the row and the event say %s, why, and what to do',
  async (code, estado, motivo, status) => {
    const shop = await gateway.aPairedConnection();
    const told: { estado: string; motivo: string | null; conselho: string | null }[] = [];
    const off = gateway.parts.events.on(
      'connectionState',
      (event) => void (event.connectionId === shop.id && told.push(event)),
    );
    // 405 is tried once more at once: with the version that WhatsApp wants now.
    gateway.simulator.faults.failLogins(shop.companion, code, 5);
    gateway.simulator.faults.streamError(shop.companion, code);
    await gateway.untilEstado(shop.id, estado);
    off();
    const connection = await gateway.connection(shop.id);
    expect(connection).toMatchObject({ status, estado, motivo, conselho: expect.any(String) });
    expect(told.at(-1)).toMatchObject({ estado, motivo, conselho: connection.conselho });
    const row = await until('the row', async () => {
      const session = await gateway.crm.session(shop.id);
      return session['estado'] === estado ? session : null;
    });
    expect(row).toMatchObject({ status, motivo });
    await clientOf(shop).disconnect();
  },
);

test.each([428, 500, 503, 515, 599])('%i: back by itself, under the same session', async (code) => {
  const shop = await gateway.aPairedConnection();
  const before = logins(shop);
  gateway.simulator.faults.streamError(shop.companion, code);
  await until('the next login', () => logins(shop) === before + 1);
  await gateway.untilEstado(shop.id, 'ready');
  expect(await gateway.connection(shop.id)).toMatchObject({ motivo: null, conselho: null });
});

test('what an older socket still says has no effect', async () => {
  const shop = await gateway.aPairedConnection();
  const client = clientOf(shop);
  // Its close arrives when the next socket is there already.
  const old = shop.companion.connection!;
  await client.reconnect();
  await gateway.untilEstado(shop.id, 'ready');
  const before = logins(shop);
  old.streamError(401);
  old.end();
  await gateway.send(shop.id, { to: gateway.aCustomer().number, content: 'ainda aqui' });
  expect([(await gateway.connection(shop.id)).estado, logins(shop), client.paired]).toEqual(['ready', before, true]);
});

test('an account that wants a passkey says so, in words, instead of showing codes for ever', async () => {
  const id = 'com-passkey';
  await gateway.http.post(CONNECTIONS, { connectionId: id });
  const phone = gateway.simulator.createPhone({ number: aNumber() });
  phone.requiresPasskey = true;
  await expect(phone.scan((await gateway.qr(id)).code)).rejects.toThrow('passkey');
  await gateway.untilEstado(id, 'passkey_required');
  const { motivo, conselho, status } = await gateway.connection(id);
  expect([status, motivo, conselho]).toEqual(['error', 'PASSKEY_REQUIRED', expect.stringContaining('passkey')]);
  await until('the row', async () => (await gateway.crm.session(id))['motivo'] === 'PASSKEY_REQUIRED');
});

test('nothing is tried before a temporary ban ends, not by a person and not after a restart', async () => {
  const shop = await gateway.aPairedConnection();
  const before = logins(shop);
  gateway.parts.pool.get(shop.id)!.recycle('prepared');
  const until402 = new Date(Date.now() + 3_600_000);
  gateway.simulator.faults.failLogins(shop.companion, 402, 1, { expire: '3600' });
  await gateway.untilEstado(shop.id, 'banned');
  const { motivo, conselho } = await gateway.connection(shop.id);
  expect(motivo).toMatch(/^BANNED_UNTIL /);
  expect(Math.abs(Date.parse(motivo!.slice(13)) - until402.getTime())).toBeLessThan(5_000);
  expect(conselho).toContain('Prazo:');
  clientOf(shop).initialize();
  await clientOf(shop).reconnect();
  await gateway.restart();
  expect(await gateway.connection(shop.id)).toMatchObject({ estado: 'banned', motivo, conselho });
  const refused = gateway.simulator.history.of('login.refused').filter(({ account }) => account === shop.phone.number);
  expect([refused.length, logins(shop)]).toEqual([1, before]);
  await clientOf(shop).disconnect();
});
