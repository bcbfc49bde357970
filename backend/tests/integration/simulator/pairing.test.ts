import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { aScene } from './scene.js';

const scene = aScene();

test('a client is linked by the code it shows', async () => {
  const { client, phone } = scene;
  client.connect();
  await client.until(() => client.state.qr !== undefined, 'registration');
  const code = await client.socket.requestPairingCode(phone.number);
  await phone.enterPairingCode(code);
  await client.reopen(515);
  expect(phone.companions).toHaveLength(1);
  expect(client.creds.me?.lid).toBe(phone.companions[0]?.lid);
});

test('a wrong code links nothing', async () => {
  const { client, phone } = scene;
  client.connect();
  await client.until(() => client.state.qr !== undefined, 'registration');
  await client.socket.requestPairingCode(phone.number, 'ABCDEFGH');
  await expect(phone.enterPairingCode('HGFEDCBA')).rejects.toThrow('wrong');
  expect(phone.companions).toHaveLength(0);
});

test('a code request under an unknown operating system is refused, as by the real server', async () => {
  const { client, phone } = scene;
  client.config = { browser: ['Acme', 'Chrome', '1.0'] };
  client.connect();
  await client.until(() => client.state.qr !== undefined, 'registration');
  const code = await client.socket.requestPairingCode(phone.number);
  await expect(phone.enterPairingCode(code)).rejects.toThrow('no client waits');
});

test('after companion_reg_refresh only a QR with a new adv secret links', async () => {
  const { client, phone, simulator } = scene;
  client.connect();
  await client.until(() => client.state.qr !== undefined, 'a QR');
  const shown = client.state.qr!;
  const asked = new Promise((resolve) => client.socket.ws.once('CB:notification,type:companion_reg_refresh', resolve));
  await expect(phone.scan(shown, { refresh: true })).rejects.toThrow('stale');
  await asked;
  await expect(phone.scan(shown)).rejects.toThrow('stale');
  const old = client.creds.advSecretKey;
  client.creds.advSecretKey = randomBytes(32).toString('base64');
  await phone.scan(shown.replace(old, client.creds.advSecretKey));
  await client.reopen(515);
  expect(simulator.history.of('registration.refreshed')).toHaveLength(1);
});

test('a QR of a client that has gone is stale', async () => {
  const { client, phone, simulator } = scene;
  client.connect();
  await client.until(() => client.state.qr !== undefined, 'a QR');
  const { qr } = client.state;
  simulator.faults.closeAll();
  await client.until(() => client.state.connection === 'close', 'the close');
  await expect(phone.scan(qr!)).rejects.toThrow('stale');
});

test('a device the owner removes is logged out now and refused later', async () => {
  const { client, phone } = scene;
  await scene.pair();
  phone.unlink(scene.companion);
  await client.until(() => client.state.connection === 'close', 'the close');
  await expect(client.open()).rejects.toThrow('401');
  expect(client.closeCodes).toEqual([515, 401, 401]);
});

test('a client that logs out is forgotten', async () => {
  const { client, phone, simulator } = scene;
  await scene.pair();
  await client.socket.logout();
  await client.until(() => phone.companions.length === 0, 'the removal');
  expect(simulator.history.of('companion.unlinked')).toMatchObject([{ by: 'companion' }]);
});

test('a second login with the same keys replaces the first', async () => {
  const { client } = scene;
  await scene.pair();
  const first = client.socket;
  const replaced = new Promise((resolve) => first.ws.once('CB:stream:error', resolve));
  await client.open();
  await replaced;
  expect(scene.companion.connected).toBe(true);
});
