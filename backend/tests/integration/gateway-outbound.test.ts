import { beforeAll, expect, test } from '@jest/globals';
import { aGateway, CONNECTIONS, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
let shop: PairedConnection;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('vendas');
});

const status = (id: string, wanted: string) => gateway.crm.mensagem(shop.id, id, (row) => row['status'] === wanted);

test('a text is accepted by WhatsApp (201), arrives once, and is delivered and read on its row', async () => {
  const ana = gateway.aCustomer();
  ana.autoReceipts = 'none';
  const { status: code, body } = await gateway.send(shop.id, {
    to: ana.pnJid,
    content: 'Olá! Como posso ajudar?',
    type: 'text',
  });
  expect(code).toBe(201);
  expect(body).toMatchObject({ success: true, message: { connectionId: shop.id, status: 'ENVIADA' } });
  const { id, whatsappId, atendimentoId } = body.message;
  expect(await ana.nextMessage()).toMatchObject({ id: whatsappId, text: 'Olá! Como posso ajudar?', copies: 1 });
  const row = await status(whatsappId, 'ENVIADA');
  expect(row).toMatchObject({ id, atendimento_id: atendimentoId, remetente: 'ATENDENTE', tipo: 'TEXTO', lida: false });
  expect(Date.parse(String(row['timestamp']))).toBe(Date.parse(body.message.timestamp));
  ana.sendReceipt(whatsappId, 'delivered');
  await status(whatsappId, 'ENTREGUE');
  ana.sendReceipt(whatsappId, 'read');
  expect(await status(whatsappId, 'LIDA')).toMatchObject({ lida: true });
});

test('a reply quotes the message that it answers, mentions reach the people named', async () => {
  const ana = gateway.aCustomer();
  const question = ana.send(shop.phone, 'qual o preço?');
  await gateway.crm.mensagem(shop.id, question.id);
  const { status: code, body } = await gateway.send(shop.id, {
    to: ana.number,
    content: `R$ 10, fale com @${ana.number}`,
    replyTo: question.id,
    mentions: [ana.number],
  });
  expect(code).toBe(201);
  const { message } = await ana.nextMessage();
  expect(message.extendedTextMessage?.contextInfo).toMatchObject({
    stanzaId: question.id,
    mentionedJid: [ana.pnJid],
    quotedMessage: { conversation: 'qual o preço?' },
  });
  expect(message.extendedTextMessage?.contextInfo?.participant).toMatch(/@(s\.whatsapp\.net|lid)$/);
  expect(await gateway.crm.mensagem(shop.id, body.message.whatsappId)).toMatchObject({ resposta_a: question.id });
  expect(verdict(await gateway.send(shop.id, { to: ana.number, content: 'x', replyTo: '3EB0NAOEXISTE' }))).toBe(
    '404 MESSAGE_NOT_FOUND',
  );
});

test('one person in every spelling of the number is one atendimento', async () => {
  const ana = gateway.aCustomer();
  const [ddd, rest] = [ana.number.slice(2, 4), ana.number.slice(4)];
  const spellings = [
    ana.number,
    `+${ana.number}`,
    `+55 (${ddd}) ${rest.slice(0, 5)}-${rest.slice(5)}`,
    `0${ddd} ${rest}`,
    `${ddd}${rest}`,
    `${ana.number}@c.us`,
    ana.pnJid,
    ana.lidJid,
  ];
  const atendimentos = new Set<string | null>();
  for (const to of spellings) {
    const { status: code, body } = await gateway.send(shop.id, { to, content: `para ${to}` });
    expect([to, code]).toEqual([to, 201]);
    await ana.nextMessage((message) => message.text === `para ${to}`);
    atendimentos.add(body.message.atendimentoId);
  }
  expect(atendimentos.size).toBe(1);
  expect(await gateway.crm.atendimentos(shop.id, { numero_cliente: ana.number })).toHaveLength(1);
});

test('the ninth digit: WhatsApp decides under which number somebody is known', async () => {
  const { simulator } = gateway;
  const old = simulator.createContact({ number: '551166667777', name: 'Conta antiga' });
  simulator.registerNumber('5511966667777', { canonical: '551166667777' });
  for (const to of ['5511966667777', '551166667777']) {
    expect((await gateway.send(shop.id, { to, content: `para ${to}` })).status).toBe(201);
    await old.nextMessage((message) => message.text === `para ${to}`);
  }
  await old.send(shop.phone, 'sou eu').receipted;
  const rows = await until('all rows', async () => {
    const contatos = await gateway.crm.contatos(shop.id, { pn: old.pnJid });
    const found = await gateway.crm.mensagens(shop.id, { contato_id: contatos[0]?.['id'] ?? shop.id });
    return found.length === 3 && found;
  });
  expect(new Set(rows.map((row) => row['atendimento_id'])).size).toBe(1);
});

test('with ?wait=0 it is stored at once (202), and goes out', async () => {
  const ana = gateway.aCustomer();
  const { status: code, body } = await gateway.send(shop.id, { to: ana.number, content: 'sem espera' }, {}, '?wait=0');
  expect(code).toBe(202);
  expect(body.message.status).toBe('PENDENTE');
  await ana.nextMessage((message) => message.id === body.message.whatsappId);
  await status(body.message.whatsappId, 'ENTREGUE');
});

test('while the connection is down a send is stored (202), and goes out when it is back', async () => {
  const { id, companion } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const { faults } = gateway.simulator;
  await faults.refuse(true);
  faults.reset(companion);
  await until('the connection to be down', async () => (await gateway.connection(id)).estado === 'reconnecting');
  const { status: code, body } = await gateway.send(id, { to: ana.number, content: 'quando der' });
  expect([code, body.message.status]).toEqual([202, 'PENDENTE']);
  await faults.refuse(false);
  expect(await ana.nextMessage()).toMatchObject({ id: body.message.whatsappId, copies: 1 });
  await gateway.crm.mensagem(id, body.message.whatsappId, (row) => row['status'] === 'ENTREGUE');
  await gateway.untilEstado(shop.id, 'ready');
});

test('a number that is not on WhatsApp: 422 when it can be asked, ERRO on the row when it was accepted offline', async () => {
  const nobody = '5511900000009';
  const asked = await gateway.send(shop.id, { to: nobody, content: 'oi' });
  expect(verdict(asked)).toBe('422 NOT_ON_WHATSAPP');
  const { id, companion } = await gateway.aPairedConnection();
  const { faults } = gateway.simulator;
  await faults.refuse(true);
  faults.reset(companion);
  await until('the connection to be down', async () => (await gateway.connection(id)).estado === 'reconnecting');
  const accepted = await gateway.send(id, { to: '5511900000010', content: 'oi' });
  expect(accepted.status).toBe(202);
  await faults.refuse(false);
  const { whatsappId } = accepted.body.message;
  const row = await gateway.crm.mensagem(id, whatsappId, (each) => each['status'] === 'ERRO');
  expect(row['erro']).toBe('NOT_ON_WHATSAPP');
  await gateway.untilEstado(shop.id, 'ready');
});

test('what can never be sent is refused with its own code', async () => {
  const to = gateway.aCustomer().number;
  await gateway.http.post(CONNECTIONS, { connectionId: 'sem-par' });
  const cases: [string, string, Record<string, unknown>][] = [
    ['404 CONNECTION_NOT_FOUND', 'nenhuma', { to, content: 'oi' }],
    ['409 NOT_PAIRED', 'sem-par', { to, content: 'oi' }],
    ['400 EMPTY_MESSAGE', shop.id, { to, content: '' }],
    ['400 EMPTY_MESSAGE', shop.id, { to, content: ' \n\t ' }],
    ['400 MESSAGE_TOO_LONG', shop.id, { to, content: 'a'.repeat(65_537) }],
    ['400 UNSUPPORTED_TYPE', shop.id, { to, content: 'oi', type: 'fax' }],
    ['400 BAD_REQUEST', shop.id, { to, content: 5 }],
    ['400 BAD_REQUEST', shop.id, { content: 'oi' }],
    ['400 INVALID_RECIPIENT', shop.id, { to: 'ninguém', content: 'oi' }],
    ['400 INVALID_RECIPIENT', shop.id, { to: '', content: 'oi' }],
    ['400 INVALID_RECIPIENT', shop.id, { to: '12', content: 'oi' }],
    ['400 INVALID_RECIPIENT', shop.id, { to, content: 'oi', mentions: ['ninguém'] }],
  ];
  for (const [expected, connectionId, body] of cases) {
    expect([body, verdict(await gateway.send(connectionId, body))]).toEqual([body, expected]);
  }
});

test('the same Idempotency-Key: the first answer again, also after a restart; with another body a conflict', async () => {
  const ana = gateway.aCustomer();
  const key = { 'Idempotency-Key': 'pedido-42' };
  const request = { to: ana.number, content: 'uma vez só' };
  const both = await Promise.all([1, 2].map(() => gateway.send(shop.id, request, key)));
  const [first, second] = both.map(({ body }) => body.message.whatsappId);
  expect(first).toBe(second);
  expect(both.map(({ headers }) => headers.get('idempotent-replayed')).sort()).toEqual(['true', null].sort());
  expect(verdict(await gateway.send(shop.id, { ...request, content: 'outra' }, key))).toBe('409 IDEMPOTENCY_CONFLICT');
  await gateway.restart();
  await gateway.untilEstado(shop.id, 'ready');
  const replayed = await gateway.send(shop.id, request, key);
  expect(replayed.headers.get('idempotent-replayed')).toBe('true');
  expect(replayed).toMatchObject({
    status: 201,
    body: { message: { whatsappId: first, id: both[0]!.body.message.id } },
  });
  expect(ana.inbox.filter(({ text }) => text === 'uma vez só')).toMatchObject([{ id: first, copies: 1 }]);
});

test('error 463 is final at once, and is never tried again by itself', async () => {
  const ana = gateway.aCustomer();
  gateway.simulator.faults.errorAckNext(463);
  const refused = await gateway.send(shop.id, { to: ana.number, content: 'frio' });
  expect(verdict(refused)).toBe('422 REACHOUT_LOCKED');
  const { whatsappId } = refused.body.error!.details as { whatsappId: string };
  expect(await status(whatsappId, 'ERRO')).toMatchObject({ erro: 'REACHOUT_LOCKED' });
  expect((await gateway.send(shop.id, { to: ana.number, content: 'depois' })).status).toBe(201);
  expect(ana.inbox.map(({ text }) => text)).not.toContain('frio');
});

test('error 479 is tried once more under the same id, with fresh devices', async () => {
  const ana = gateway.aCustomer();
  gateway.simulator.faults.errorAckNext(479);
  const sent = await gateway.send(shop.id, { to: ana.number, content: 'segunda tentativa' });
  expect(sent.status).toBe(201);
  const { whatsappId } = sent.body.message;
  expect(await ana.nextMessage()).toMatchObject({ id: whatsappId, copies: 1 });
  gateway.simulator.faults.errorAckNext(479, 2);
  expect(verdict(await gateway.send(shop.id, { to: ana.number, content: 'duas vezes' }))).toBe(
    '422 REJECTED_BY_WHATSAPP',
  );
});

test('a customer who cannot read a message gets it again, also after the gateway has started anew', async () => {
  const ana = gateway.aCustomer();
  const sent = await gateway.send(shop.id, { to: ana.number, content: 'leia de novo' });
  const message = await ana.nextMessage();
  expect(message.id).toBe(sent.body.message.whatsappId);
  await gateway.restart();
  await gateway.untilEstado(shop.id, 'ready');
  ana.requestRetry(message.id);
  await until('the second copy', () => message.copies === 2);
});

test('a message whose ack never came goes out again under the same id, and is one message', async () => {
  const { id, companion } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const { simulator } = gateway;
  // A delivery receipt would be as good as the ack: then nothing is sent again.
  ana.autoReceipts = 'none';
  simulator.faults.dropAcks(1);
  const sending = gateway.send(id, { to: ana.number, content: 'sem resposta' });
  const message = await ana.nextMessage();
  simulator.faults.reset(companion);
  const { whatsappId } = (await sending).body.message;
  expect(message.id).toBe(whatsappId);
  await until('the second copy', () => message.copies === 2);
  ana.sendReceipt(message.id, 'delivered');
  await gateway.crm.mensagem(id, whatsappId, (row) => row['status'] === 'ENTREGUE');
  expect(await gateway.crm.mensagens(id)).toHaveLength(1);
});
