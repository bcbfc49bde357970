import { expect, test } from '@jest/globals';
import { aGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const texts = (count: number, what: string) => Array.from({ length: count }, (_, index) => `${what} ${index + 1}`);

test('what was written while the gateway was down is written when it is back, in order', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await ana.send(phone, 'antes').receipted;
  await gateway.stop();
  const sent = texts(30, 'offline').map((text) => ana.send(phone, text));
  await gateway.start();
  await Promise.all(sent.map(({ receipted }) => receipted));
  const rows = await until('all rows', async () => {
    const found = await gateway.crm.mensagens(id);
    return found.length === 31 && found;
  });
  expect(rows.map((row) => row['conteudo'])).toEqual(['antes', ...texts(30, 'offline')]);
  expect(await gateway.crm.atendimentos(id)).toMatchObject([{ nao_lidas: 31 }]);
});

test('a stanza that is delivered twice is one row and is receipted', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const { simulator } = gateway;
  const ana = gateway.aCustomer();
  simulator.faults.duplicateNext(2);
  const first = ana.send(phone, 'duas vezes');
  await first.receipted;
  const second = ana.send(phone, 'de novo duas vezes');
  await second.receipted;
  await gateway.crm.mensagem(id, second.id);
  const rows = await gateway.crm.mensagens(id);
  expect(rows.map((row) => row['conteudo'])).toEqual(['duas vezes', 'de novo duas vezes']);
  expect(simulator.history.of('message.nacked').filter((event) => event.id === first.id)).toEqual([]);
});

test('a stanza that is delivered again at every login, because its receipt was lost, is one row', async () => {
  const { id, phone, companion } = await gateway.aPairedConnection();
  const { simulator } = gateway;
  const ana = gateway.aCustomer();
  await ana.send(phone, 'sessão').receipted;
  const sent = texts(5, 'insiste').map((text) => ana.send(phone, text));
  // The receipts of what is under way are lost with the socket.
  simulator.faults.reset(companion);
  await Promise.all(sent.map(({ receipted }) => receipted));
  await gateway.untilEstado(id, 'ready');
  const last = ana.send(phone, 'fim');
  await gateway.crm.mensagem(id, last.id);
  const rows = await gateway.crm.mensagens(id);
  expect(rows.map((row) => row['conteudo'])).toEqual(['sessão', ...texts(5, 'insiste'), 'fim']);
});

test.each(['corrupt', 'unavailable'] as const)(
  'a message that cannot be read (%s) is a row that waits; its content replaces it in place',
  async (damage) => {
    const { id, phone } = await gateway.aPairedConnection();
    const ana = gateway.aCustomer();
    await ana.send(phone, 'sessão').receipted;
    ana.author.answersRetries = false;
    const broken = ana.send(phone, 'o conteúdo', { damage });
    const waiting = await gateway.crm.mensagem(id, broken.id);
    expect(waiting).toMatchObject({ subtipo: 'INDECIFRAVEL', conteudo: 'Aguardando mensagem', remetente: 'CLIENTE' });
    const next = ana.send(phone, 'e depois');
    await gateway.crm.mensagem(id, next.id);
    if (damage === 'unavailable') return;
    ana.author.answersRetries = true;
    gateway.simulator.faults.closeAll();
    const replaced = await gateway.crm.mensagem(id, broken.id, (row) => row['subtipo'] !== 'INDECIFRAVEL');
    expect(replaced).toMatchObject({ id: waiting['id'], ordem: waiting['ordem'], conteudo: 'o conteúdo' });
    expect((await gateway.crm.mensagens(id)).map((row) => row['conteudo'])).toEqual([
      'sessão',
      'o conteúdo',
      'e depois',
    ]);
  },
);

test('an unreadable message is asked for and replaced by itself', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const broken = ana.send(phone, 'estragada', { damage: 'corrupt' });
  await broken.receipted;
  await gateway.crm.mensagem(id, broken.id, (row) => row['conteudo'] === 'estragada');
  expect(await gateway.crm.mensagens(id)).toHaveLength(1);
});

test('many customers at once: every chat keeps its order, nobody has two open atendimentos', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const customers = Array.from({ length: 5 }, () => gateway.aCustomer());
  const burst = await gateway.simulator.prepareBurst(phone, { contacts: customers, messages: 100 });
  burst.start();
  await burst.receipted;
  const rows = await until('all rows', async () => {
    const found = await gateway.crm.mensagens(id);
    return found.length === 100 && found;
  });
  for (const customer of customers) {
    const own = rows.filter((row) => row['chat_jid'] === customer.pnJid).map((row) => row['whatsapp_id']);
    expect(own).toEqual(burst.ids.filter((each) => own.includes(each)));
    expect(own).toHaveLength(20);
  }
  expect(await gateway.crm.atendimentos(id)).toHaveLength(5);
});

test('a gateway that starts again has all its sessions back, and what was never paired shows a QR when asked', async () => {
  const paired = [await gateway.aPairedConnection(), await gateway.aPairedConnection()];
  await gateway.http.post('/api/whatsapp-integration/connections', { connectionId: 'nunca-pareada' });
  await gateway.restart();
  for (const { id } of paired) await gateway.untilEstado(id, 'ready');
  const ana = gateway.aCustomer();
  for (const { id, phone } of paired) {
    const sent = ana.send(phone, 'de volta?');
    await gateway.crm.mensagem(id, sent.id);
  }
  expect((await gateway.qr('nunca-pareada')).code).toContain('#');
});

test('the limit of connections is a clear refusal; those beyond it stay known', async () => {
  const { id } = await gateway.aPairedConnection();
  const known = (await gateway.http.get<{ data: unknown[] }>('/api/whatsapp-integration/connections')).body.data.length;
  await gateway.restart({ MAX_CONNECTIONS: '1' });
  const refused = await gateway.http.post('/api/whatsapp-integration/connections', { connectionId: 'demais' });
  expect(refused).toMatchObject({ status: 409, body: { error: { code: 'CONNECTION_LIMIT', details: { limit: 1 } } } });
  const listed = await gateway.http.get<{ data: unknown[] }>('/api/whatsapp-integration/connections');
  expect(listed.body.data).toHaveLength(known);
  await gateway.restart();
  await gateway.untilEstado(id, 'ready');
});
