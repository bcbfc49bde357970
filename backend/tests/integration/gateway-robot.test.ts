import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aGateway, CONNECTIONS, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
let shop: PairedConnection;
const WELCOME = '{{saudacao}}, {{primeiro_nome}}!';
const BYE = 'Até logo! Protocolo {{protocolo}}';
const CLOSED = { dias: {} };

beforeAll(async () => {
  shop = await gateway.aPairedConnection();
});
beforeEach(() => robot({ boasVindas: WELCOME, ausencia: 'Voltamos amanhã.', encerramento: BYE }));

async function robot(settings: object, id = shop.id): Promise<void> {
  expect(verdict(await gateway.http.post(`${CONNECTIONS}/${id}/robot`, { autoResposta: true, ...settings }))).toBe(
    '200',
  );
}

const said = (atendimentoId: unknown) =>
  gateway.crm.rows('whatsapp_robo_envios', { atendimento_id: atendimentoId }) as Promise<Record<string, unknown>[]>;
const atendimentoOf = async (whatsappId: string) =>
  String((await gateway.crm.mensagem(shop.id, whatsappId))['atendimento_id']);
const act = (id: string, action: string, body = {}) =>
  gateway.http.post(`/api/whatsapp-integration/atendimentos/${id}/${action}`, body);

/** The robot has looked at everything that is there now. */
async function settled(): Promise<void> {
  const last = gateway.aCustomer();
  last.send(shop.phone, 'por último');
  await robot({ boasVindas: 'marco' });
  await last.nextMessage();
}

test('a first message is welcomed by name, once; the atendimento still waits for a person', async () => {
  const ana = gateway.aCustomer({ name: 'Ana Maria' });
  const first = ana.send(shop.phone, 'oi');
  expect((await ana.nextMessage()).text).toMatch(/^(Bom dia|Boa tarde|Boa noite), Ana!$/);
  ana.send(shop.phone, 'tem alguém?');
  const id = await atendimentoOf(first.id);
  await settled();
  expect(await said(id)).toMatchObject([{ tipo: 'BOAS_VINDAS', estado: 'ACEITO' }]);
  const [atendimento] = await gateway.crm.rows('whatsapp_atendimentos', { id });
  expect(atendimento).toMatchObject({ status: 'AGUARDANDO' });
  const rows = await gateway.crm.rows('whatsapp_mensagens', { atendimento_id: id, remetente: 'SISTEMA' });
  expect(rows).toHaveLength(1);
});

test('outside business hours the away message comes instead, once, and a change of the hours counts at once', async () => {
  await robot({ boasVindas: WELCOME, ausencia: 'Voltamos amanhã.', horario: CLOSED });
  const ana = gateway.aCustomer();
  ana.send(shop.phone, 'oi');
  expect((await ana.nextMessage()).text).toBe('Voltamos amanhã.');
  const again = ana.send(shop.phone, 'oi?');
  const id = await atendimentoOf(again.id);
  await settled();
  expect((await said(id)).filter(({ tipo }) => tipo === 'AUSENCIA')).toHaveLength(1);
});

test('an atendimento that is closed in the CRM says goodbye once, and its answer does not reopen it', async () => {
  const ana = gateway.aCustomer();
  const first = ana.send(shop.phone, 'oi');
  await ana.nextMessage();
  const id = await atendimentoOf(first.id);
  await gateway.crm.update('whatsapp_atendimentos', id, { status: 'FINALIZADO' });
  expect((await ana.nextMessage()).text).toBe(`Até logo! Protocolo ${id.slice(0, 8).toUpperCase()}`);
  await settled();
  expect((await said(id)).map(({ tipo }) => tipo)).toEqual(['BOAS_VINDAS', 'ENCERRAMENTO']);
  const [atendimento] = await gateway.crm.rows('whatsapp_atendimentos', { id });
  expect(atendimento).toMatchObject({ status: 'FINALIZADO' });
});

test('two robots that talk to each other stop', async () => {
  const machine = gateway.aCustomer({ name: 'Robô' });
  const answered: string[] = [];
  let id = await atendimentoOf(machine.send(shop.phone, 'oi').id);
  for (let turn = 0; turn < 3; turn++) {
    answered.push((await machine.nextMessage()).text ?? '');
    await act(id, 'finish');
    answered.push((await machine.nextMessage()).text ?? '');
    id = await atendimentoOf(machine.send(shop.phone, 'mensagem automática').id);
  }
  expect(answered).toHaveLength(6);
  await until('the block', async () => (await said(id))[0]?.['estado'] === 'BLOQUEADO');
  await settled();
  expect(await said(id)).toMatchObject([{ estado: 'BLOQUEADO', whatsapp_id: null }]);
});

test('groups, and numbers that this gateway serves itself, get no answer', async () => {
  const [ana, bia] = [gateway.aCustomer(), gateway.aCustomer()];
  const other = await gateway.aPairedConnection();
  await gateway.crm.update('whatsapp_sessions', (await gateway.crm.session(other.id))['id'], { numero: bia.number });
  const group = gateway.simulator.createGroup({ subject: 'Família', members: [shop.phone, ana] });
  const ids = [
    await atendimentoOf(ana.sendToGroup(group, 'oi, grupo').id),
    await atendimentoOf(bia.send(shop.phone, 'oi, loja').id),
  ];
  await settled();
  for (const id of ids) expect(await said(id)).toEqual([]);
});

test('a message that a dying process had taken goes out once, however often it is tried', async () => {
  await robot({ boasVindas: null });
  const ana = gateway.aCustomer();
  const id = await atendimentoOf(ana.send(shop.phone, 'oi').id);
  const [atendimento] = await gateway.crm.rows('whatsapp_atendimentos', { id });
  const { owner_id, session_id, contato_id, chat_jid } = atendimento!;
  const mark = {
    ...{
      owner_id,
      session_id,
      contato_id,
      atendimento_id: id,
      para: chat_jid,
      tipo: 'BOAS_VINDAS',
      texto: 'Bem-vinda',
    },
    created_at: new Date(Date.now() - 60_000).toISOString(),
  };
  const { data } = await gateway.crm.client.from('whatsapp_robo_envios').insert(mark).select('id').single();
  const finished = () => {
    // It looks when somebody writes, and every 5 s.
    gateway.aCustomer().send(shop.phone, 'oi');
    return until('it to be accepted', async () => (await said(id))[0]?.['estado'] === 'ACEITO');
  };
  await finished();
  expect((await ana.nextMessage()).text).toBe('Bem-vinda');
  const before = (await said(id))[0]?.['whatsapp_id'];
  await gateway.crm.update('whatsapp_robo_envios', data!.id, { estado: 'RESERVADO', whatsapp_id: null });
  await finished();
  expect((await said(id))[0]?.['whatsapp_id']).toBe(before);
  expect(await gateway.crm.rows('whatsapp_mensagens', { atendimento_id: id, remetente: 'SISTEMA' })).toHaveLength(1);
});

test('without settings, or switched off, it is silent; what it goes by can be read', async () => {
  const quiet = await gateway.aPairedConnection();
  const path = `${CONNECTIONS}/${quiet.id}/robot`;
  expect((await gateway.http.get(path)).body).toEqual({ success: true, configuracao: null });
  await robot({ autoResposta: false, boasVindas: WELCOME, fuso: 'America/Manaus' }, quiet.id);
  expect((await gateway.http.get<{ configuracao: object }>(path)).body.configuracao).toMatchObject({
    auto_resposta: false,
    fuso: 'America/Manaus',
    mensagem_boas_vindas: WELCOME,
  });
  const ana = gateway.aCustomer();
  const row = await gateway.crm.mensagem(quiet.id, ana.send(quiet.phone, 'oi').id);
  await settled();
  expect(await said(row['atendimento_id'])).toEqual([]);
  expect(verdict(await gateway.http.get(`${CONNECTIONS}/outra/robot`))).toBe('404 CONNECTION_NOT_FOUND');
  expect(verdict(await gateway.http.post(path, { autoResposta: true, boasVindas: '{{senha}}' }))).toBe(
    '400 BAD_REQUEST',
  );
});
