import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Simulator } from '../../../src/simulator/index.js';
import { BaileysClient } from './baileys-client.js';

let simulator: Simulator;
let client: BaileysClient;

beforeEach(async () => {
  simulator = await Simulator.start();
  client = new BaileysClient(simulator);
});

afterEach(async () => {
  await client.close();
  await simulator.stop();
});

test('a scanned client restarts, logs in, and receives a text', async () => {
  const phone = simulator.createPhone({ number: '5511999990001', name: 'Loja' });
  const ana = simulator.createContact({ number: '5511988887777', name: 'Ana' });
  await client.pair((qr) => phone.scan(qr));
  const sent = ana.send(phone, 'oi');
  const received = await client.untilText('oi');
  await sent.receipted;
  expect(received.key).toMatchObject({ remoteJid: ana.pnJid, remoteJidAlt: ana.lidJid, fromMe: false, id: sent.id });
  expect(received.pushName).toBe('Ana');
});

test('what the account sends is decrypted by the contact, and receipts come back', async () => {
  const phone = simulator.createPhone({ number: '5511999990001', name: 'Loja' });
  const ana = simulator.createContact({ number: '5511988887777' });
  await client.pair((qr) => phone.scan(qr));
  const id = await client.sendText(ana.pnJid, 'bom dia');
  const read = await ana.nextMessage();
  expect(read).toMatchObject({ id, text: 'bom dia', from: phone.pnJid, copies: 1 });
  ana.sendReceipt(id, 'read');
  await client.until(() => client.updates.some(({ key, update }) => key.id === id && update.status === 4), 'read');
});
