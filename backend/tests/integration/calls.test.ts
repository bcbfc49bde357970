import { expect, test } from '@jest/globals';
import type { GatewayEvents } from '../../src/notifications/gateway-events.js';
import { aGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const CONNECTIONS = '/api/whatsapp-integration/connections';

/** Events of calls, oldest first. */
function heard() {
  const calls: GatewayEvents['call'][] = [];
  gateway.parts.events.on('call', (event) => calls.push(event));
  const of = (id: string) => calls.filter((event) => event.callId === id);
  const statuses = (id: string) => of(id).map(({ status }) => status);
  return { of, statuses, ended: (id: string) => until('its end', () => of(id).length > 1 && statuses(id)) };
}

test.each([
  ['timeout', 'missed'],
  ['hangup', 'missed'],
  ['accepted_elsewhere', 'accepted_elsewhere'],
  ['rejected_elsewhere', 'rejected_elsewhere'],
] as const)('a call that ends by %s is told as offered and %s', async (end, status) => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer({ name: 'Ana', addressing: 'lid' });
  const calls = heard();
  const call = ana.call(phone, { video: true });
  await until('it rings', () => calls.of(call.id).length > 0);
  call.end(end);
  expect(await calls.ended(call.id)).toEqual(['offered', status]);
  expect(calls.of(call.id)[1]).toMatchObject({
    ...{ connectionId: id, status, video: true, grupo: null },
    de: { numero: ana.number, lid: ana.lidJid, nomePerfil: 'Ana' },
  });
  // What comes later about it is no news: the devices that were not answered on hear the end once more.
  call.end('hangup');
  await ana.send(phone, 'depois').receipted;
  await until('the message', async () => (await gateway.crm.mensagens(id)).length === 1);
  expect(calls.statuses(call.id)).toEqual(['offered', status]);
});

test('a missed call is a row and an atendimento when the connection wants it, once, and no other call is', async () => {
  const { id, phone } = await gateway.aPairedConnection(undefined, { settings: { registrarChamadas: true } });
  const ana = gateway.aCustomer();
  const answered = ana.call(phone);
  answered.end('accepted_elsewhere');
  const missed = ana.call(phone);
  missed.end('timeout');
  missed.end('hangup');
  expect(await gateway.crm.mensagem(id, missed.id)).toMatchObject({
    ...{ subtipo: 'CHAMADA_PERDIDA', tipo: 'TEXTO', remetente: 'CLIENTE', conteudo: 'Chamada de voz perdida' },
    dados: { chamada: { id: missed.id, video: false } },
  });
  expect(await gateway.crm.atendimentos(id)).toMatchObject([{ numero_cliente: ana.number, nao_lidas: 1 }]);
  expect(await gateway.crm.mensagens(id)).toHaveLength(1);
});

test('what rang while the gateway was away is told when it is back', async () => {
  const { id, phone } = await gateway.aPairedConnection(undefined, {
    settings: { registrarChamadas: true, rejeitarChamadas: true },
  });
  const ana = gateway.aCustomer();
  const client = gateway.parts.pool.get(id)!;
  await client.disconnect();
  const call = ana.call(phone);
  call.end('timeout');
  await client.reconnect();
  await gateway.crm.mensagem(id, call.id);
  // It is over: nothing is left to reject.
  expect(gateway.simulator.history.of('call.rejected').filter((event) => event.id === call.id)).toEqual([]);
});

test('calls are rejected as they ring, with a text to the caller that comes once, and settings change while it runs', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const calls = heard();
  const rejections = () => gateway.simulator.history.of('call.rejected');
  const settings = { rejeitarChamadas: true, textoChamadaRejeitada: 'Não atendemos ligações.' };
  const changed = await gateway.http.patch(`${CONNECTIONS}/${id}`, { settings });
  expect(changed).toMatchObject({ status: 200, body: { data: { settings } } });

  const first = ana.call(phone);
  await until('the rejection', () => rejections().some((event) => event.id === first.id));
  expect(rejections().find((event) => event.id === first.id)!.to).toBe(ana.jid);
  expect((await ana.nextMessage()).text).toBe('Não atendemos ligações.');
  first.end('hangup');
  const second = ana.call(phone);
  expect(await calls.ended(second.id)).toEqual(['offered', 'rejected']);
  expect(calls.statuses(first.id)).toEqual(['offered', 'rejected']);
  await gateway.send(id, { to: ana.number, content: 'e agora?' });
  expect((await ana.nextMessage()).text).toBe('e agora?');
  const rows = await gateway.crm.mensagens(id, { remetente: 'SISTEMA' });
  expect(rows).toMatchObject([{ conteudo: 'Não atendemos ligações.' }]);

  await gateway.http.patch(`${CONNECTIONS}/${id}`, { settings: { rejeitarChamadas: null } });
  const third = ana.call(phone);
  third.end('timeout');
  expect(await calls.ended(third.id)).toEqual(['offered', 'missed']);
  expect((await gateway.crm.session(id))['configuracao']).toEqual({
    textoChamadaRejeitada: 'Não atendemos ligações.',
  });
});

test('a call in a group names it; webhooks and WebSockets are told of the caller by number', async () => {
  const { phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const group = gateway.simulator.createGroup({ subject: 'Vendas', members: [phone, ana] });
  const calls = heard();
  const call = ana.call(phone, { group: group.jid });
  call.end('timeout');
  await calls.ended(call.id);
  expect(calls.of(call.id)[1]).toMatchObject({
    status: 'missed',
    grupo: { jid: group.jid },
    de: { numero: ana.number },
  });
});
