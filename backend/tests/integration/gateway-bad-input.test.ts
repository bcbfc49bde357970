import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Contact } from '../../src/simulator/index.js';
import { BAD_PATH_IDS, HARD_TEXTS, RAW_BODIES, WRONG_VALUES } from '../support/bad-input.js';
import { aGateway, CONNECTIONS, SEND, type PairedConnection } from '../support/gateway.js';

const gateway = aGateway();
const WITH_BODY = [CONNECTIONS, SEND, `${CONNECTIONS}/entrada/pairing-code`];
let shop: PairedConnection;
let ana: Contact;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('entrada');
  ana = gateway.aCustomer();
  await gateway.send(shop.id, { to: ana.number, content: 'antes' });
});

const isRefusal = (status: number) => status >= 400 && status < 500;

describe.each(WITH_BODY)('POST %s', (path) => {
  test.each(RAW_BODIES)('%s is a clear refusal', async (_what, body, type) => {
    const answer = await gateway.http.request('POST', path, { headers: { 'content-type': type }, body });
    expect(isRefusal(answer.status)).toBe(true);
    expect(answer.body).toMatchObject({
      success: false,
      error: { code: expect.any(String), message: expect.any(String) },
    });
    expect(answer.headers.get('x-request-id')).toMatch(/./);
  });
});

const FIELDS: [string, Record<string, unknown>, string[]][] = [
  [
    SEND,
    { connectionId: 'entrada', to: '5511900000099', content: 'oi', type: 'text' },
    ['connectionId', 'to', 'content', 'type', 'mentions', 'replyTo'],
  ],
  [CONNECTIONS, { connectionId: 'entrada' }, ['connectionId', 'name', 'ownerId', 'companyId', 'settings']],
  [`${CONNECTIONS}/entrada/pairing-code`, {}, ['phoneNumber']],
];

test.each(FIELDS.flatMap(([path, body, fields]) => fields.map((field) => [field, path, body] as const)))(
  "a wrong %s (%s) is never the gateway's fault",
  async (field, path, body) => {
    for (const value of WRONG_VALUES) {
      const { status, body: answer } = await gateway.http.post(path, { ...body, [field]: value });
      if (status >= 500) throw new Error(`${field} = ${JSON.stringify(value)?.slice(0, 80)}: ${status}`);
      if (isRefusal(status)) expect(answer).toMatchObject({ success: false, error: { code: expect.any(String) } });
    }
  },
);

test.each(BAD_PATH_IDS)('the id %j in a path is 4xx on every route', async (id) => {
  const paths: [string, string][] = [
    ['GET', `${CONNECTIONS}/${id}`],
    ['GET', `${CONNECTIONS}/${id}/qr`],
    ['DELETE', `${CONNECTIONS}/${id}`],
    ['GET', `/api/whatsapp-integration/messages/${id}`],
  ];
  for (const [method, path] of paths) {
    const { status, body } = await gateway.http.request(method, path);
    expect([path, isRefusal(status)]).toEqual([path, true]);
    expect(body).toMatchObject({ success: false });
  }
});

test.each([
  'limit=0',
  'limit=-1',
  'limit=999999999999999999999',
  'limit=abc',
  'limit=1&limit=2',
  'cursor=%00',
  'cursor=bGl4bw',
  'cursor=eyJhIjoxfQ',
  `cursor=${'a'.repeat(5000)}`,
])('the page ?%s is 4xx', async (query) => {
  const { status, body } = await gateway.http.get(`/api/whatsapp-integration/atendimentos/active?${query}`);
  expect(isRefusal(status)).toBe(true);
  expect(body).toMatchObject({ success: false });
});

test.each(['wait=-1', 'wait=abc', 'wait=1e9', 'wait=999999'])('the send ?%s is 400', async (query) => {
  const { status } = await gateway.send(shop.id, { to: ana.number, content: 'oi' }, {}, `?${query}`);
  expect(status).toBe(400);
});

test.each(HARD_TEXTS)('%s goes out and is stored as it is, or is refused', async (_what, content, isSent) => {
  const { status, body } = await gateway.send(shop.id, { to: ana.number, content });
  expect(status).toBe(isSent ? 201 : 400);
  if (!isSent) return;
  const { whatsappId } = body.message;
  expect((await ana.nextMessage(({ id }) => id === whatsappId)).text).toBe(content);
  expect((await gateway.crm.mensagem(shop.id, whatsappId))['conteudo']).toBe(content);
});

test.each(HARD_TEXTS)('%s from a customer is a row', async (_what, content, isClean) => {
  const sent = ana.send(shop.phone, content);
  await sent.receipted;
  const row = await gateway.crm.mensagem(shop.id, sent.id);
  if (isClean) return expect(row['conteudo']).toBe(content);
  expect(row['conteudo']).toBe('a\ufffdb');
});

test('names in every script reach the rows', async () => {
  const name = '\u202eРусский 🦜 \u0000 ñ'.padEnd(100, 'ü');
  const someone = gateway.aCustomer({ name });
  const sent = someone.send(shop.phone, 'oi');
  await gateway.crm.mensagem(shop.id, sent.id);
  const [contato] = await gateway.crm.contatos(shop.id, { pn: someone.pnJid });
  expect(contato!['nome_perfil']).toContain('Русский 🦜');
});

test('after all of it the way from the customer to the row, and back, still works', async () => {
  const last = ana.send(shop.phone, 'ainda funciona');
  await gateway.crm.mensagem(shop.id, last.id);
  expect((await gateway.send(shop.id, { to: ana.number, content: 'ainda envia' })).status).toBe(201);
  expect(gateway.parts.journal.stats()).toMatchObject({ deadLetters: 0 });
});
