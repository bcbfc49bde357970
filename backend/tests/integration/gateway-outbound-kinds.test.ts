import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Contact } from '../../src/simulator/index.js';
import { aGateway, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
let shop: PairedConnection;
let ana: Contact;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('tipos');
});

beforeEach(() => {
  ana = gateway.aCustomer();
});

const send = async (body: Record<string, unknown>) => {
  const answer = await gateway.send(shop.id, { to: ana.pnJid, ...body });
  expect(verdict(answer)).toBe('201');
  return answer.body.message;
};
const change = async (body: Record<string, unknown>) => {
  const answer = await gateway.send(shop.id, body);
  expect(verdict(answer)).toBe('201');
  return answer.body.message;
};
const row = (id: string, ready?: (row: Record<string, unknown>) => unknown) => gateway.crm.mensagem(shop.id, id, ready);

test('a location arrives with its name and is a row', async () => {
  const location = { latitude: -23.55, longitude: -46.63, name: 'Praça da Sé', address: 'Sé, São Paulo' };
  const { whatsappId } = await send({ type: 'location', location });
  const { message } = await ana.nextMessage();
  expect(message.locationMessage).toMatchObject({ degreesLatitude: -23.55, name: 'Praça da Sé' });
  expect(await row(whatsappId)).toMatchObject({
    subtipo: 'LOCALIZACAO',
    conteudo: expect.stringContaining('📍 Localização: Praça da Sé'),
  });
});

test('a contact card cannot smuggle lines in, and names the number for the message button', async () => {
  gateway.simulator.createContact({ number: '5511955554444', name: 'Beto' });
  const contacts = [{ name: 'Beto\nTEL:666; Lima', numbers: ['(11) 95555-4444'] }];
  const { whatsappId } = await send({ type: 'contact', contacts });
  const { message } = await ana.nextMessage();
  const vcard = String(message.contactMessage?.vcard);
  expect(vcard).toContain('waid=5511955554444:+5511955554444');
  expect(vcard.split('\n')).toHaveLength(5);
  expect(await row(whatsappId)).toMatchObject({ subtipo: 'CONTATO' });
});

test('a poll arrives with its options and its row keeps the secret that votes need', async () => {
  const { whatsappId } = await send({ type: 'poll', poll: { question: 'Que dia?', options: ['Sexta', 'Sábado'] } });
  const { message } = await ana.nextMessage();
  expect(message.pollCreationMessageV3?.options).toMatchObject([{ optionName: 'Sexta' }, { optionName: 'Sábado' }]);
  const secret = Buffer.from(message.messageContextInfo!.messageSecret!).toString('base64');
  expect(await row(whatsappId)).toMatchObject({ subtipo: 'ENQUETE', dados: { messageSecret: secret } });
});

test("a reaction to a customer's message reaches them and their row; an empty one takes it back", async () => {
  const { id } = ana.send(shop.phone, 'Obrigada!');
  await row(id);
  expect(await change({ type: 'reaction', messageId: id, emoji: '❤️' })).toMatchObject({ id: null });
  const { message } = await ana.nextMessage();
  expect(message.reactionMessage).toMatchObject({ text: '❤️', key: { id, fromMe: false } });
  await row(id, ({ reacoes }) => (reacoes as { emoji: string }[] | null)?.[0]?.emoji === '❤️');
  await change({ type: 'reaction', messageId: id, emoji: '' });
  await row(id, ({ reacoes }) => reacoes === null);
});

test('an edit changes the message at the customer and on the row, keeping the old text', async () => {
  const { whatsappId } = await send({ content: 'São R$ 10' });
  await ana.nextMessage();
  await change({ type: 'edit', messageId: whatsappId, content: 'São R$ 12' });
  expect(await ana.nextMessage()).toMatchObject({ text: 'São R$ 12' });
  const edited = await row(whatsappId, ({ editada_em }) => editada_em);
  expect(edited).toMatchObject({ conteudo: 'São R$ 12', dados: { conteudo_original: 'São R$ 10' } });
});

test('a file is not edited as if it were a text', async () => {
  const file = { type: 'document', mediaBase64: 'T2zDoSE=', fileName: 'ola.txt' };
  const { whatsappId } = await send(file);
  await ana.nextMessage();
  await row(whatsappId);
  const edit = { type: 'edit', messageId: whatsappId, content: 'x' };
  expect(verdict(await gateway.send(shop.id, edit))).toBe('400 UNSUPPORTED_TYPE');
});

test.each(['👍', '❤️', '❤', '👩🏽‍🚀', '🇧🇷', '1️⃣'])('%s is a reaction', async (emoji) => {
  const { id } = ana.send(shop.phone, 'reaja');
  await row(id);
  await change({ type: 'reaction', messageId: id, emoji });
  expect((await ana.nextMessage()).message.reactionMessage?.text).toBe(emoji);
});

test('a deletion takes the message back at the customer and marks the row', async () => {
  const { whatsappId } = await send({ content: 'engano' });
  await ana.nextMessage();
  await change({ type: 'delete', messageId: whatsappId });
  const { message } = await ana.nextMessage();
  expect(message.protocolMessage?.key?.id).toBe(whatsappId);
  expect(await row(whatsappId, ({ apagada_em }) => apagada_em)).toMatchObject({ conteudo: 'Mensagem apagada' });
  expect(verdict(await gateway.send(shop.id, { type: 'edit', messageId: whatsappId, content: 'x' }))).toBe(
    '422 TOO_LATE',
  );
});

test('a change that WhatsApp refuses leaves the row as it is', async () => {
  const { whatsappId } = await send({ content: 'fica' });
  await ana.nextMessage();
  gateway.simulator.faults.errorAckNext(400);
  expect(verdict(await gateway.send(shop.id, { type: 'delete', messageId: whatsappId }))).toBe(
    '422 REJECTED_BY_WHATSAPP',
  );
  await until('the log to be worked off', () => gateway.parts.journal.stats().pendingEntries === 0);
  expect(await row(whatsappId)).toMatchObject({ conteudo: 'fica', apagada_em: null });
});

test('what belongs to others is not changed', async () => {
  const { id } = ana.send(shop.phone, 'meu texto');
  await row(id);
  expect(verdict(await gateway.send(shop.id, { type: 'edit', messageId: id, content: 'x' }))).toBe('403 FORBIDDEN');
  expect(verdict(await gateway.send(shop.id, { type: 'delete', messageId: id }))).toBe('403 FORBIDDEN');
  expect(verdict(await gateway.send(shop.id, { type: 'delete', messageId: 'NADA' }))).toBe('404 MESSAGE_NOT_FOUND');
});

test('a text is forwarded as forwarded', async () => {
  const { id } = ana.send(shop.phone, 'o endereço é Rua A, 1');
  await row(id);
  const beto = gateway.aCustomer({ name: 'Beto' });
  await change({ type: 'forward', to: beto.pnJid, messageId: id });
  const { message, text } = await beto.nextMessage();
  expect(text).toBe('o endereço é Rua A, 1');
  expect(message.extendedTextMessage?.contextInfo).toMatchObject({ isForwarded: true });
});

test.each([
  ['a location without one', { type: 'location' }],
  ['a latitude of 91', { type: 'location', location: { latitude: 91, longitude: 0 } }],
  ['a poll with one option', { type: 'poll', poll: { question: 'a', options: ['b'] } }],
  ['a poll with the same option twice', { type: 'poll', poll: { question: 'a', options: ['b', 'b'] } }],
  ['a contact without a number', { type: 'contact', contacts: [{ name: 'a', numbers: [] }] }],
  ['a reaction without a message', { type: 'reaction', emoji: '👍' }],
  ['a reaction of words', { type: 'reaction', messageId: '3EB0', emoji: 'ok' }],
  ['a text to be seen once', { type: 'text', content: 'a', viewOnce: true }],
  ['a document to be seen once', { type: 'document', mediaBase64: 'YQ==', viewOnce: true }],
  ['a text with a caption', { type: 'text', content: 'a', caption: 'b' }],
  ['a sticker with a caption', { type: 'sticker', mediaBase64: 'YQ==', caption: 'b' }],
])('%s is refused', async (_what, body) => {
  expect(verdict(await gateway.send(shop.id, { to: ana.pnJid, ...body }))).toBe('400 BAD_REQUEST');
});

test('read marks reach WhatsApp and the row', async () => {
  const { id } = ana.send(shop.phone, 'viu?');
  const before = await row(id);
  expect(before).toMatchObject({ lida: false });
  const body = { connectionId: shop.id, messageIds: [id] };
  const answer = await gateway.http.post('/api/whatsapp-integration/messages/read', body);
  expect(answer.body).toMatchObject({ success: true, read: 1 });
  await until('the read receipt', () => gateway.simulator.history.of('read').some(({ ids }) => ids.includes(id)));
  await row(id, ({ lida }) => lida);
});

test('typing is taken, and a number is checked once for many questions', async () => {
  const presence = { connectionId: shop.id, to: ana.pnJid, state: 'recording' };
  expect(verdict(await gateway.http.post('/api/whatsapp-integration/chats/presence', presence))).toBe('200');
  const check = (number: string) =>
    gateway.http.get(`/api/whatsapp-integration/connections/${shop.id}/numbers/${number}`);
  expect((await check(ana.number)).body).toMatchObject({ data: { exists: true, jid: ana.pnJid } });
  expect((await check('5511988887777')).body).toMatchObject({ data: { exists: false, jid: null } });
  expect(verdict(await check('abc'))).toBe('400 INVALID_RECIPIENT');
});
