import { expect, test } from '@jest/globals';
import { OneVoice } from '../../src/integration/robot/one-voice.js';
import { aGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const CONNECTIONS = '/api/whatsapp-integration/connections';
const warningsOf = async (id: string) =>
  (await gateway.http.get<{ data: { warnings: string[] } }>(`${CONNECTIONS}/${id}`)).body.data.warnings;

test('a phone in two connections is warned of when it is linked, in both, and until one is gone', async () => {
  const alerts: { code: string; connectionId?: string }[] = [];
  const off = gateway.parts.events.on('alert', (alert) => alerts.push(alert));
  const first = await gateway.aPairedConnection();
  expect(await warningsOf(first.id)).toEqual([]);
  const second = await gateway.aPairedConnection(undefined, {}, first.phone);
  await until('the alert', () => alerts.some(({ code }) => code === 'SAME_PHONE'));
  off();
  expect(alerts.filter(({ code }) => code === 'SAME_PHONE')).toMatchObject([{ connectionId: second.id }]);
  await until(
    'both warn',
    async () => (await warningsOf(first.id)).length + (await warningsOf(second.id)).length === 2,
  );
  expect((await warningsOf(second.id))[0]).toContain(first.id);
  await gateway.http.delete(`${CONNECTIONS}/${second.id}`);
  await until('no warning', async () => (await warningsOf(first.id)).length === 0);
});

test('the robot greets once for a phone in two connections, and not at all where it is silent', async () => {
  const first = await gateway.aPairedConnection();
  const second = await gateway.aPairedConnection(undefined, {}, first.phone);
  for (const { id } of [first, second]) {
    const body = { autoResposta: true, boasVindas: 'Olá!' };
    expect(await gateway.http.post(`${CONNECTIONS}/${id}/robot`, body)).toMatchObject({ status: 200 });
  }
  const said = async (id: string) => (await gateway.crm.mensagens(id, { remetente: 'SISTEMA' })).length;
  const ana = gateway.aCustomer();
  await ana.send(first.phone, 'oi').receipted;
  await until('the greeting', async () => (await said(first.id)) + (await said(second.id)) > 0);
  const loud = (await said(first.id)) > 0 ? first : second;
  const quiet = loud === first ? second : first;

  await gateway.http.patch(`${CONNECTIONS}/${loud.id}`, { settings: { silenciosa: true } });
  const bia = gateway.aCustomer();
  await bia.send(first.phone, 'oi').receipted;
  await until(
    'the other one greets',
    async () => (await gateway.crm.mensagens(quiet.id, { remetente: 'SISTEMA', conteudo: 'Olá!' })).length > 0,
  );
  const texts = (contact: typeof ana) => contact.inbox.map(({ text }) => text);
  await until('both have read it', () => texts(ana).length > 0 && texts(bia).length > 0);
  expect([texts(ana), texts(bia)]).toEqual([['Olá!'], ['Olá!']]);
});

test('whoever spoke goes on speaking, the other one may when it is long ago', () => {
  let now = 0;
  const voice = new OneVoice({ phoneOf: (id) => (id === 'mute' ? null : 'phone'), clock: { now: () => now } });
  expect([voice.may('a', 'ana', 'BOAS_VINDAS'), voice.may('b', 'ana', 'BOAS_VINDAS')]).toEqual([true, false]);
  expect([voice.may('a', 'ana', 'BOAS_VINDAS'), voice.may('b', 'bia', 'BOAS_VINDAS')]).toEqual([true, true]);
  expect([voice.may('b', 'ana', 'AUSENCIA'), voice.may('mute', 'caio', 'BOAS_VINDAS')]).toEqual([true, false]);
  now = 31 * 60_000;
  expect(voice.may('b', 'ana', 'BOAS_VINDAS')).toBe(true);
});
