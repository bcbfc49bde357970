import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { MessageStatusResource } from '../../src/integration/message-status.js';
import type { Contact } from '../../src/simulator/index.js';
import { aGateway, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const BY_ID = '/api/whatsapp-integration/messages/by-id';
const OGG = Buffer.from(
  '4f67675300020000000000000000000000000000000000000000011e4f7075734865616401010000000000000000',
  'hex',
).toString('base64');
let shop: PairedConnection;
let ana: Contact;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('destinos');
});
beforeEach(() => {
  ana = gateway.aCustomer();
});

const statusOf = (id: string) => gateway.http.get<{ message: MessageStatusResource }>(`${BY_ID}/${id}`);
const send = (body: Record<string, unknown>, wait?: number) =>
  wait === undefined
    ? gateway.send(shop.id, { to: ana.pnJid, ...body })
    : gateway.http.post<Awaited<ReturnType<typeof gateway.send>>['body']>(
        `/api/whatsapp-integration/messages/send?wait=${wait}`,
        { connectionId: shop.id, to: ana.pnJid, ...body },
      );
const signs = () => gateway.simulator.history.of('chatstate.received');

test('what became of a send is told by the id of its row and by its WhatsApp id, with its receipts', async () => {
  const { message } = (await send({ content: 'oi' })).body;
  await ana.nextMessage();
  const told = await until('the receipt', async () => {
    const { body } = await statusOf(message.whatsappId);
    return body.message.status === 'ENTREGUE' && body.message;
  });
  expect(told).toMatchObject({ id: message.id, state: 'sent', attempts: 1, error: null, databaseAway: false });
  expect(told.receipts).toHaveProperty('ENTREGUE');
  expect((await statusOf(message.id!)).body.message).toEqual(told);
  expect((await statusOf(message.id!.toUpperCase())).body.message).toEqual(told);
});

test('a send that WhatsApp refuses says why', async () => {
  gateway.simulator.faults.errorAckNext(400);
  const refused = await send({ content: 'não' });
  expect(verdict(refused)).toBe('422 REJECTED_BY_WHATSAPP');
  const { whatsappId } = (refused.body as unknown as { error: { details: { whatsappId: string } } }).error.details;
  const { message } = (await statusOf(whatsappId)).body;
  expect(message).toMatchObject({ state: 'failed', error: { code: 'REJECTED_BY_WHATSAPP' }, nextAttemptAt: null });
});

test('a message of a customer is found, too; an unknown one is not', async () => {
  const { id } = ana.send(shop.phone, 'oi');
  await gateway.crm.mensagem(shop.id, id);
  expect((await statusOf(id)).body.message).toMatchObject({ status: 'RECEBIDA', state: null, connectionId: shop.id });
  expect(verdict(await statusOf('3EB0000000000000000000'))).toBe('404 MESSAGE_NOT_FOUND');
  expect(verdict(await statusOf('00000000-0000-4000-8000-000000000000'))).toBe('404 MESSAGE_NOT_FOUND');
  const { message } = (await send({ content: 'oi' })).body;
  expect(verdict(await statusOf(`${message.id}?connectionId=outra`))).toBe('404 MESSAGE_NOT_FOUND');
});

test.each(['true', 'null', '123', '1e5', 'a"b', "a'b", 'a,b)', 'not_null', '\\'])(
  'an id that reads like something else (%j) is only unknown',
  async (id) => {
    expect(verdict(await statusOf(encodeURIComponent(id)))).toBe('404 MESSAGE_NOT_FOUND');
  },
);

test('a delayed message is answered at once, tells when it goes, and keeps its place in its chat over a restart', async () => {
  const first = await send({ content: 'um', delayMs: 3_000 }, 2_000);
  expect(verdict(first)).toBe('202');
  const { whatsappId } = first.body.message;
  const { message } = (await statusOf(whatsappId)).body;
  expect(message).toMatchObject({ state: 'accepted', attempts: 0, status: 'PENDENTE' });
  expect(Date.parse(message.nextAttemptAt!) - Date.parse(message.acceptedAt!)).toBeGreaterThan(2_000);
  await send({ content: 'dois' }, 0);
  await gateway.restart();
  await gateway.untilEstado(shop.id, 'ready');
  expect((await ana.nextMessage()).text).toBe('um');
  expect((await ana.nextMessage()).text).toBe('dois');
  const sent = await until('the ack', async () => {
    const { body } = await statusOf(whatsappId);
    return body.message.sentAt && body.message;
  });
  expect(Date.parse(sent.sentAt!) + 1_000).toBeGreaterThanOrEqual(Date.parse(message.acceptedAt!) + 3_000);
});

test.each([
  ['a text shows "typing…"', { content: 'oi', typingMs: 300 }, null],
  ['a voice message shows "recording…"', { type: 'voice', mediaBase64: OGG, typingMs: 300 }, 'audio'],
])('%s before it goes', async (_what, body, media) => {
  const before = signs().length;
  expect(verdict(await send(body))).toBe('201');
  await ana.nextMessage();
  expect(signs().slice(before)).toMatchObject([{ to: ana.pnJid, state: 'composing', media }]);
});

test('a delayed message of a connection that is deleted ends', async () => {
  const other = await gateway.aPairedConnection('some');
  const answer = await gateway.send(other.id, { to: ana.pnJid, content: 'nunca', delayMs: 60_000 });
  expect(verdict(answer)).toBe('202');
  expect(verdict(await gateway.http.delete(`/api/whatsapp-integration/connections/${other.id}`))).toBe('200');
});

test('what is sent by any client and what is scheduled may show it, too', async () => {
  const before = signs().length;
  const any = await gateway.http.post('/clients/send', { to: ana.pnJid, text: 'a', typingMs: 100, delayMs: 10 });
  expect(verdict(any)).toBe('201');
  const scheduled = {
    connectionId: shop.id,
    to: ana.pnJid,
    content: 'b',
    typingMs: 100,
    sendAt: new Date().toISOString(),
  };
  expect(verdict(await gateway.http.post('/api/whatsapp-integration/scheduled-messages', scheduled))).toBe('201');
  expect((await ana.nextMessage()).text).toBe('a');
  expect((await ana.nextMessage()).text).toBe('b');
  expect(signs().length).toBe(before + 2);
});

test.each([
  ['a delay of more than five minutes', { content: 'a', delayMs: 300_001 }],
  ['typing for more than 20 s', { content: 'a', typingMs: 20_001 }],
  ['a negative delay', { content: 'a', delayMs: -1 }],
  ['half a millisecond', { content: 'a', delayMs: 0.5 }],
  ['a delay in words', { content: 'a', delayMs: '10s' }],
  ['a deletion that types', { to: undefined, type: 'delete', messageId: '3EB0', typingMs: 10 }],
])('%s is refused', async (_what, body) => {
  expect(verdict(await send(body))).toBe('400 BAD_REQUEST');
});
