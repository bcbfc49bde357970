import { expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/lib/errors.js';
import { anApp, documented } from './scripted-gateway.js';

const PATH = '/api/whatsapp-integration/connections/c1/robot';

test('settings are read and written', async () => {
  const { http, calls } = anApp();
  expect((await documented(http.get(PATH))).body).toEqual({ success: true, configuracao: null });
  const horario = { dias: { seg: [['08:00', '18:00']] }, feriados: ['12-25'] };
  const body = { autoResposta: true, boasVindas: 'Olá, {{primeiro_nome}}', horario };
  expect((await documented(http.post(PATH).send(body))).status).toBe(200);
  const settings = {
    ...{ todas: false, fuso: 'America/Sao_Paulo', auto_resposta: true, horario_atendimento: horario },
    ...{ mensagem_boas_vindas: 'Olá, {{primeiro_nome}}', mensagem_ausencia: null, mensagem_encerramento: null },
  };
  expect(calls.at(-1)).toEqual({ name: 'write', args: ['c1', settings, null] });
});

test.each<[object, string]>([
  [{}, 'body.autoResposta'],
  [{ autoResposta: 'sim' }, 'body.autoResposta'],
  [{ autoResposta: true, boasVindas: '{{senha}}' }, 'body.boasVindas'],
  [{ autoResposta: true, ausencia: 'x'.repeat(4001) }, 'body.ausencia'],
  [{ autoResposta: true, fuso: 'Marte/Olimpo' }, 'body.fuso'],
  [{ autoResposta: true, horario: { dias: { seg: [['8:00', '18:00']] } } }, 'body.horario.dias.seg.0.0'],
  [{ autoResposta: true, horario: { dias: { seg: [['08:00']] } } }, 'body.horario.dias.seg.0'],
  [{ autoResposta: true, horario: { dias: { segunda: [] } } }, 'body.horario.dias'],
  [{ autoResposta: true, horario: { dias: {}, feriados: ['natal'] } }, 'body.horario.feriados.0'],
])('%j is refused, naming the field', async (body, field) => {
  const { http, calls } = anApp();
  const res = await documented(http.post(PATH).send(body));
  expect(res.status).toBe(400);
  expect((res.body as { error: { details: { field: string }[] } }).error.details[0]?.field).toContain(field);
  expect(calls).toEqual([]);
});

test("somebody else's connection does not exist", async () => {
  const refuse = () => Promise.reject(new GatewayError('CONNECTION_NOT_FOUND'));
  const { http } = anApp({ robot: { read: refuse, write: refuse } });
  expect((await documented(http.get(PATH))).status).toBe(404);
  expect((await documented(http.post(PATH).send({ autoResposta: true }))).status).toBe(404);
});
