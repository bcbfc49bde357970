import { expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { aScene } from './scene.js';

const scene = aScene();
const { ERROR } = proto.WebMessageInfo.Status;

test('an error ack refuses a message, and it reaches nobody', async () => {
  const { simulator, client } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  simulator.faults.errorAckNext(479);
  const id = await client.sendText(ana.pnJid, 'recusada');
  await client.until(
    () => client.updates.some(({ key, update }) => key.id === id && update.status === ERROR),
    'the error',
  );
  expect(ana.inbox).toEqual([]);
});

test('a dropped ack leaves the client without an answer, though the message arrives', async () => {
  const { simulator, client } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  simulator.faults.dropAcks(1);
  const id = await client.sendText(ana.pnJid, 'sem resposta');
  await ana.nextMessage();
  expect(simulator.history.of('send.unacked')).toMatchObject([{ id }]);
  await client.sendText(ana.pnJid, 'sem resposta', id);
  await client.until(() => ana.inbox[0]?.copies === 2, 'the second copy');
  expect(simulator.history.of('send.acked')).toMatchObject([{ id, error: null }]);
});

test('a refused login closes with the reason as its code, as often as asked for', async () => {
  const { simulator, client } = scene;
  await scene.pair();
  await client.close();
  for (const reason of [401, 403, 405, 500, 503]) {
    simulator.faults.failLogins(scene.companion, reason);
    await expect(client.open()).rejects.toThrow(String(reason));
  }
  await client.open();
});

test('a stream error closes with its code', async () => {
  const { simulator, client } = scene;
  await scene.pair();
  for (const code of [440, 500, 503, 515]) {
    simulator.faults.streamError(scene.companion, code);
    await client.reopen(code);
  }
});

test('a closed or reset socket is 428, and the client can come back', async () => {
  const { simulator, client } = scene;
  await scene.pair();
  for (const fault of ['close', 'reset', 'closeAll'] as const) {
    simulator.faults[fault](scene.companion);
    await client.reopen(428);
  }
});

test('a closed port refuses connections and opens again where it was', async () => {
  const { simulator, client } = scene;
  await scene.pair();
  await client.close();
  await simulator.faults.refuse(true);
  await expect(client.open()).rejects.toThrow('408');
  await simulator.faults.refuse(false);
  await client.open();
});

test('a black hole swallows both directions while the socket stays open', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  await client.sendText(ana.pnJid, 'antes');
  await ana.nextMessage();
  simulator.faults.blackHole(scene.companion);
  const sent = ana.send(phone, 'para o buraco');
  await client.sendText(ana.pnJid, 'do buraco');
  await expect(ana.nextMessage(undefined, 300)).rejects.toThrow('longer');
  expect(client.texts).toEqual([]);
  simulator.faults.blackHole(scene.companion, false);
  expect(await ana.nextMessage()).toMatchObject({ text: 'do buraco' });
  await sent.receipted;
  await client.untilText('para o buraco');
});

test('a black hole for everybody answers no handshake', async () => {
  const { simulator, client } = scene;
  await scene.pair();
  await client.close();
  simulator.faults.blackHole('all');
  client.connect();
  await client.until(() => simulator.openSockets === 1, 'the connection');
  await expect(client.until(() => client.state.connection === 'open', 'open', 300)).rejects.toThrow('longer');
  simulator.faults.blackHole('all', false);
  await client.until(() => client.state.connection === 'open', 'open');
});

test('a frame that cannot be decrypted leaves the socket open and deaf', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  client.absorbRejections();
  simulator.faults.garbageFrame(scene.companion, 'undecryptable');
  const sent = ana.send(phone, 'ninguém ouve');
  await expect(client.until(() => client.texts.length > 0, 'a text', 300)).rejects.toThrow('longer');
  expect(scene.companion.connected).toBe(true);
  simulator.faults.reset(scene.companion);
  await client.reopen(428);
  await sent.receipted;
});

test('an HTTP status on the upgrade is answered as such', async () => {
  const { simulator } = scene;
  simulator.faults.httpStatusOnUpgrade(503);
  const url = simulator.wsUrl.replace('ws:', 'http:');
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const { request } = await import('node:http');
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const asked = request(url, { headers: { ...upgrade, 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' } });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
  expect(status).toBe(503);
});

test('latency holds every stanza back, without changing the order', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  await ana.send(phone, 'rápida').receipted;
  simulator.faults.latencyMs = 200;
  const startedAt = Date.now();
  const { id } = ana.send(phone, 'lenta');
  await client.until(() => simulator.history.of('message.delivered').some((event) => event.id === id), 'the delivery');
  simulator.faults.latencyMs = 0;
  ana.send(phone, 'depois');
  await client.untilText('depois');
  expect(client.texts).toEqual(['rápida', 'lenta', 'depois']);
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(190);
});
