import { expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { aScene } from './scene.js';

const scene = aScene();
const { READ } = proto.WebMessageInfo.Status;

test('a customer under a phone number is received with both identities', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777', name: 'Ana' });
  await scene.pair();
  const sent = ana.send(phone, 'oi');
  const received = await client.untilText('oi');
  await sent.receipted;
  expect(received.key).toMatchObject({ remoteJid: ana.pnJid, remoteJidAlt: ana.lidJid, fromMe: false, id: sent.id });
  expect(received.pushName).toBe('Ana');
});

test('a customer under a LID is received with both identities, and answered under it', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777', addressing: 'lid' });
  await scene.pair();
  ana.send(phone, 'oi');
  const received = await client.untilText('oi');
  expect(received.key).toMatchObject({ remoteJid: ana.lidJid, remoteJidAlt: ana.pnJid, addressingMode: 'lid' });
  await client.sendText(ana.lidJid, 'olá');
  expect(await ana.nextMessage()).toMatchObject({ text: 'olá', chat: ana.lidJid });
});

test('a LID whose number is not told comes without one', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777', addressing: 'lid', hasLidMapping: false });
  await scene.pair();
  ana.send(phone, 'oi');
  const received = await client.untilText('oi');
  expect(received.key.remoteJidAlt).toBeUndefined();
});

test('messages of one contact arrive in the order they were sent', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  await ana.send(phone, 'primeira').receipted;
  const texts = Array.from({ length: 30 }, (_, index) => `texto ${index}`);
  await Promise.all(texts.map((text) => ana.send(phone, text).receipted));
  await client.untilText('texto 29');
  expect(client.texts).toEqual(['primeira', ...texts]);
});

test('what the account sends is decrypted by the contact, and delivered and read come back', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  const id = await client.sendText(ana.pnJid, 'bom dia');
  expect(await ana.nextMessage()).toMatchObject({ id, text: 'bom dia', from: phone.pnJid, copies: 1 });
  ana.sendReceipt(id, 'read');
  const isRead = ({ key, update }: (typeof client.updates)[number]) => key.id === id && update.status === READ;
  await client.until(() => client.updates.some(isRead), 'the read receipt');
  expect(await phone.nextMessage()).toMatchObject({ id, text: 'bom dia', chat: ana.pnJid });
});

test('what the owner writes on the phone reaches the client as its own message', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  const sent = phone.sendFromPhone(ana, 'do celular');
  const received = await client.untilText('do celular');
  await sent.receipted;
  expect(received.key).toMatchObject({ remoteJid: ana.pnJid, fromMe: true, id: sent.id });
});

test('the client marks a message as read', async () => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777' });
  await scene.pair();
  const { id } = ana.send(phone, 'oi');
  const received = await client.untilText('oi');
  await client.socket.readMessages([received.key]);
  await client.until(() => simulator.history.of('read').length > 0, 'the read receipt');
  expect(simulator.history.of('read')[0]).toMatchObject({ ids: [id], type: 'read' });
});

test.each(['pn', 'lid'] as const)('a group addressed by %s works both ways', async (addressing) => {
  const { simulator, client, phone } = scene;
  const ana = simulator.createContact({ number: '5511988887777', name: 'Ana' });
  const bia = simulator.createContact({ number: '5511977776666' });
  const group = simulator.createGroup({ subject: 'Equipe', members: [phone, ana, bia], addressing });
  await scene.pair();
  await ana.sendToGroup(group, 'oi grupo').receipted;
  await ana.sendToGroup(group, 'de novo').receipted;
  const received = await client.untilText('de novo');
  expect(client.texts).toEqual(['oi grupo', 'de novo']);
  expect(received.key).toMatchObject({ remoteJid: group.jid, participant: group.addressOf(ana) });
  await client.sendText(group.jid, 'oi a todos');
  await client.sendText(group.jid, 'e mais uma');
  for (const member of [ana, bia]) {
    expect(await member.nextMessage()).toMatchObject({ text: 'oi a todos', chat: group.jid });
    expect(await member.nextMessage()).toMatchObject({ text: 'e mais uma', chat: group.jid });
  }
  expect((await client.socket.groupMetadata(group.jid)).participants).toHaveLength(3);
  expect(Object.keys(await client.socket.groupFetchAllParticipating())).toEqual([group.jid]);
});

test('a lookup answers with the real spelling of a Brazilian number, and knows who is not there', async () => {
  const { simulator, client } = scene;
  const ana = simulator.createContact({ number: '551188887777' });
  simulator.registerNumber('5511988887777', { canonical: '551188887777' });
  await scene.pair();
  expect(await client.socket.onWhatsApp('5511988887777')).toEqual([{ jid: ana.pnJid, exists: true }]);
  const [unknown] = (await client.socket.onWhatsApp('5511900000000')) ?? [];
  expect(unknown?.exists ?? false).toBe(false);
});

test('one account writes to another', async () => {
  const { simulator, client, phone } = scene;
  const { BaileysClient } = await import('./baileys-client.js');
  const other = simulator.createPhone({ number: '5511999990002' });
  const otherClient = new BaileysClient(simulator);
  try {
    await scene.pair();
    await otherClient.pair((qr) => other.scan(qr));
    await client.sendText(other.pnJid, 'de loja para loja');
    const received = await otherClient.untilText('de loja para loja');
    expect(received.key.remoteJid).toBe(phone.pnJid);
    await otherClient.sendText(phone.pnJid, 'recebido');
    await client.untilText('recebido');
  } finally {
    await otherClient.close();
  }
});

test('900 customers writing at once are all received', async () => {
  const { simulator, client, phone } = scene;
  const contacts = Array.from({ length: 900 }, (_, i) =>
    simulator.createContact({ number: String(5511900000000 + i) }),
  );
  await scene.pair();
  const burst = await simulator.burst(phone, { contacts, messages: 1000 });
  await burst.receipted;
  await client.until(() => new Set(client.texts).size === 1000, 'every text', 60_000);
}, 90_000);
