import { expect, test } from '@jest/globals';
import { DEFAULT_CONNECTION_CONFIG, type UserFacingSocketConfig, type WAMessage } from '@whiskeysockets/baileys';
import { aScene } from './scene.js';

const scene = aScene();
const CIPHERTEXT_STUB = 2;
const isStub = (message: WAMessage) => Number(message.messageStubType) === CIPHERTEXT_STUB;

/** Decryption that never ends: messages arrive and are never receipted. */
const stuck: Partial<UserFacingSocketConfig> = {
  makeSignalRepository: (...args) => ({
    ...DEFAULT_CONNECTION_CONFIG.makeSignalRepository(...args),
    decryptMessage: () => new Promise<never>(() => undefined),
  }),
};

test('what is written to a disconnected client arrives at its next login, in order, as offline messages', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  await ana.send(phone, 'antes').receipted;
  await client.close();
  const texts = Array.from({ length: 25 }, (_, index) => `offline ${index}`);
  const sent = texts.map((text) => ana.send(phone, text));
  await client.open();
  await Promise.all(sent.map(({ receipted }) => receipted));
  await client.untilText('offline 24');
  expect(client.texts).toEqual(['antes', ...texts]);
  expect(client.upserts.filter(({ type }) => type === 'append')).toHaveLength(25);
});

test('what was delivered and not receipted is delivered again, until it is', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  await client.close();
  client.config = stuck;
  await client.open();
  const sent = ana.send(phone, 'insista');
  await client.until(() => simulator.history.of('message.delivered').some(({ id }) => id === sent.id), 'delivery');
  await client.close();
  client.config = {};
  await client.open();
  await sent.receipted;
  const deliveries = simulator.history.of('message.delivered').filter(({ id }) => id === sent.id);
  expect(deliveries).toMatchObject([
    { attempt: 1, offline: false },
    { attempt: 2, offline: true },
  ]);
  await client.close();
  await client.open();
  expect(simulator.history.of('message.delivered').filter(({ id }) => id === sent.id)).toHaveLength(2);
});

test('a duplicated delivery of a first message is refused by the client', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  simulator.faults.duplicateNext();
  const sent = ana.send(phone, 'duas vezes');
  await sent.receipted;
  await client.until(() => simulator.history.of('message.nacked').some(({ id }) => id === sent.id), 'the refusal');
  expect(simulator.history.of('message.nacked').filter(({ id }) => id === sent.id)).toMatchObject([{ error: 487 }]);
  expect(client.texts).toEqual(['duas vezes']);
});

test('a duplicated delivery in a session comes back through a retry, under the same id', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  await ana.send(phone, 'primeira').receipted;
  simulator.faults.duplicateNext();
  const { id } = ana.send(phone, 'duas vezes');
  await client.until(() => client.texts.filter((text) => text === 'duas vezes').length === 2, 'both texts');
  expect(simulator.history.of('message.retryRequested').filter((event) => event.id === id)).toHaveLength(1);
});

test.each(['first message', 'in a session'])(
  'a message that cannot be read is a stub, then its content (%s)',
  async (when) => {
    const { simulator, client, phone } = scene;
    const ana = simulator.createContact({ number: '5511988887777' });
    await scene.pair();
    if (when === 'in a session') await ana.send(phone, 'antes').receipted;
    const sent = ana.send(phone, 'estragada', { damage: 'corrupt' });
    await client.untilText('estragada');
    await sent.receipted;
    const upserts = client.upserts.filter(({ message }) => message.key.id === sent.id);
    expect(upserts.map(({ message }) => isStub(message))).toEqual([true, false]);
    expect(simulator.history.of('message.delivered').filter(({ id }) => id === sent.id)).toMatchObject([
      { retry: 0 },
      { retry: 1 },
    ]);
  },
);

test('a message without ciphertext is a stub; the content comes from the own phone, which the client asks', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  const { id } = ana.send(phone, 'indisponível', { damage: 'unavailable' });
  await client.until(() => client.upserts.some(({ message }) => message.key.id === id && isStub(message)), 'the stub');
  await client.untilText('indisponível');
});

test('a contact that could not read asks again and gets the same message under the same id', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  await client.sendText(ana.pnJid, 'primeira');
  await ana.nextMessage();
  ana.forgetSessions(phone);
  const id = await client.sendText(ana.pnJid, 'segunda');
  expect(await ana.nextMessage()).toMatchObject({ id, text: 'segunda', copies: 1 });
  expect(simulator.history.of('send.undecryptable')).toMatchObject([{ id }]);
  expect(simulator.history.of('send.received').filter((event) => event.id === id)).toHaveLength(2);
});

test('a contact may ask for a message it has read: getMessage answers after a restart', async () => {
  const { simulator, client } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  const id = await client.sendText(ana.pnJid, 'de novo');
  const message = await ana.nextMessage();
  await client.close();
  await client.open();
  ana.requestRetry(id);
  await client.until(() => message.copies === 2, 'the second copy');
});

test('receipts that found nobody wait for the next login', async () => {
  const { simulator, client } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  ana.autoReceipts = 'none';
  await scene.pair();
  const id = await client.sendText(ana.pnJid, 'leia');
  await ana.nextMessage();
  await client.close();
  ana.sendReceipt(id, 'read');
  await client.open();
  await client.until(() => simulator.history.of('receipt.acked').some((event) => event.id === id), 'the ack');
});
