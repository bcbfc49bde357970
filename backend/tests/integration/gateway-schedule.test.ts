import { beforeAll, describe, expect, test } from '@jest/globals';
import { aGateway, verdict, type PairedConnection } from '../support/gateway.js';
import type { Answer } from '../support/http-client.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const SCHEDULED = '/api/whatsapp-integration/scheduled-messages';
const TEMPLATES = '/api/whatsapp-integration/templates';
let shop: PairedConnection;

type Row = Record<string, unknown>;
type One = { agendamento: Row };

beforeAll(async () => {
  shop = await gateway.aPairedConnection();
});

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const schedule = (body: Row, headers?: Record<string, string>) =>
  gateway.http.post<One>(SCHEDULED, { connectionId: shop.id, ...body }, headers);
const patch = (path: string, body: Row) =>
  gateway.http.request<One>('PATCH', path, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const idOf = ({ body }: Answer<One>) => String(body.agendamento['id']);
const details = ({ body }: Answer<unknown>) => JSON.stringify(body.error?.details ?? body.error?.message);
const rowOf = (id: string, status: string) =>
  until(`${id} to be ${status} in the table`, async () => {
    const [row] = await gateway.crm.rows('whatsapp_mensagens_agendadas', { id });
    return row?.['status'] === status && row;
  });

describe('a scheduled message', () => {
  test('reaches its customer at its time, is one message, and its row says so', async () => {
    const ana = gateway.aCustomer();
    const answer = await schedule({ to: ana.number, content: 'consulta amanhã', sendAt: inMs(700) });
    expect(verdict(answer)).toBe('201');
    expect(answer.body.agendamento).toMatchObject({ status: 'AGENDADA', conteudo: 'consulta amanhã', sessao: shop.id });
    expect((await ana.nextMessage()).text).toBe('consulta amanhã');
    const row = await rowOf(idOf(answer), 'ENVIADA');
    const mensagem = await gateway.crm.mensagem(shop.id, String(row['whatsapp_id']));
    expect(mensagem).toMatchObject({ id: row['mensagem_id'], remetente: 'ATENDENTE', conteudo: 'consulta amanhã' });
    expect(ana.inbox).toHaveLength(1);
  });

  test('survives a restart that begins before its time and ends after it, and goes once', async () => {
    const ana = gateway.aCustomer();
    const id = idOf(await schedule({ to: ana.number, content: 'depois', sendAt: inMs(500) }));
    await gateway.stop();
    await gateway.start();
    expect((await ana.nextMessage()).text).toBe('depois');
    await rowOf(id, 'ENVIADA');
    await gateway.restart();
    await gateway.untilEstado(shop.id, 'ready');
    const marker = gateway.aCustomer();
    await schedule({ to: marker.number, content: 'marco', sendAt: inMs(0) });
    await marker.nextMessage();
    expect(ana.inbox.map(({ text }) => text)).toEqual(['depois']);
  });

  test('carries a file, which is here before its time', async () => {
    const ana = gateway.aCustomer();
    const mediaBase64 = Buffer.from('nota fiscal').toString('base64');
    const more = { type: 'document', mediaBase64, fileName: 'nota.txt', caption: 'sua nota', sendAt: inMs(600) };
    const id = idOf(await schedule({ to: ana.number, ...more }));
    const message = (await ana.nextMessage()).message;
    const document = message.documentWithCaptionMessage?.message?.documentMessage;
    const bytes = await gateway.simulator.media.download(document as never, 'document');
    expect([document?.caption, bytes.toString()]).toEqual(['sua nota', 'nota fiscal']);
    await rowOf(id, 'ENVIADA');
  });

  test('can be changed while it waits, and cancelled; then neither', async () => {
    const ana = gateway.aCustomer();
    const id = idOf(await schedule({ to: ana.number, content: 'antes', sendAt: inMs(3_600_000) }));
    const changed = await patch(`${SCHEDULED}/${id}`, { content: 'depois', sendAt: inMs(7_200_000) });
    expect(changed.body.agendamento).toMatchObject({ conteudo: 'depois', status: 'AGENDADA', revisao: 2 });
    expect(verdict(await gateway.http.delete(`${SCHEDULED}/${id}`))).toBe('200');
    expect(verdict(await gateway.http.delete(`${SCHEDULED}/${id}`))).toBe('200');
    expect(verdict(await patch(`${SCHEDULED}/${id}`, { content: 'tarde' }))).toBe('409 SCHEDULED_CLOSED');
    expect(await rowOf(id, 'CANCELADA')).toMatchObject({ conteudo: 'depois', revisao: 3 });
    expect((await gateway.http.get<One>(`${SCHEDULED}/${id}`)).body.agendamento['status']).toBe('CANCELADA');
  });

  test('is one however often it is asked for under one Idempotency-Key', async () => {
    const body = { to: gateway.aCustomer().number, content: 'uma', sendAt: inMs(3_600_000) };
    const key = { 'Idempotency-Key': 'agenda-1' };
    const [first, again] = [await schedule(body, key), await schedule(body, key)];
    expect([verdict(first), verdict(again), idOf(again)]).toEqual(['201', '200', idOf(first)]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(verdict(await schedule({ ...body, content: 'outra' }, key))).toBe('409 IDEMPOTENCY_CONFLICT');
  });

  test('is found in the list by connection, status and time', async () => {
    const id = idOf(await schedule({ to: '5511988880000', content: 'na lista', sendAt: inMs(9_000_000) }));
    await rowOf(id, 'AGENDADA');
    const query = `connectionId=${shop.id}&status=AGENDADA&from=${inMs(8_000_000)}&until=${inMs(10_000_000)}`;
    const { body } = await gateway.http.get<{ data: Row[] }>(`${SCHEDULED}?${query}`);
    expect(body.data.map((row) => row['id'])).toEqual([id]);
    const other = await gateway.http.get<{ data: Row[] }>(`${SCHEDULED}?connectionId=outra`);
    expect(other.body.data).toEqual([]);
  });

  test.each<[string, Row, string, RegExp]>([
    ['no time', { content: 'x', to: '5511988887777' }, '400 BAD_REQUEST', /sendAt.*is missing/],
    ['no offset', { content: 'x', to: '5511988887777', sendAt: '2027-01-01T10:00:00' }, '400 BAD_REQUEST', /offset/],
    ['the past', { content: 'x', to: '5511988887777', sendAt: '2020-01-01T00:00:00Z' }, '400 BAD_REQUEST', /future/],
    ['2050', { content: 'x', to: '5511988887777', sendAt: '2050-01-01T00:00:00Z' }, '400 BAD_REQUEST', /within a year/],
    [
      'no text',
      { to: '5511988887777', sendAt: inMs(1e6) },
      '400 BAD_REQUEST',
      /content.*is missing: type text needs it/,
    ],
    ['a bad number', { content: 'x', to: '12', sendAt: inMs(1e6) }, '400 INVALID_RECIPIENT', /./],
    ['a text and a template', { ...text('x'), template: { name: 'x' } }, '400 BAD_REQUEST', /content.*must be absent/],
    ['no such template', { ...text(), template: { name: 'não há' } }, '404 TEMPLATE_NOT_FOUND', /não há/],
    ['no such connection', { ...text('x'), connectionId: 'nenhuma' }, '404 CONNECTION_NOT_FOUND', /nenhuma/],
  ])('with %s is refused by name', async (_what, body, said, why) => {
    const answer = await schedule(body);
    expect(verdict(answer)).toBe(said);
    expect(details(answer)).toMatch(why);
  });

  test('that does not exist is not found, and an empty change is none', async () => {
    const nobody = `${SCHEDULED}/3f0e8c1a-6a1f-4f2e-9b7a-1f2e3d4c5b6a`;
    expect(verdict(await gateway.http.get(nobody))).toBe('404 SCHEDULED_NOT_FOUND');
    expect(verdict(await gateway.http.delete(nobody))).toBe('404 SCHEDULED_NOT_FOUND');
    expect(verdict(await patch(nobody, { content: 'x' }))).toBe('404 SCHEDULED_NOT_FOUND');
    expect(verdict(await patch(nobody, {}))).toBe('400 BAD_REQUEST');
    expect(verdict(await gateway.http.get(`${SCHEDULED}?status=TALVEZ`))).toBe('400 BAD_REQUEST');
    expect(verdict(await gateway.http.get(`${SCHEDULED}/x`))).toBe('400 BAD_REQUEST');
  });
});

describe('a template', () => {
  const TEXT = '{{saudacao}}, {{nome}}! Seu horário: {{horário}}.';

  test('writes messages now and later; what callers put in is not read again', async () => {
    const made = await gateway.http.post<{ modelo: Row }>(TEMPLATES, { nome: 'lembrete', texto: TEXT });
    expect(made.body.modelo).toMatchObject({ variaveis: ['saudacao', 'nome', 'horário'], fuso: 'America/Sao_Paulo' });
    const template = { name: 'lembrete', variables: { nome: '{{saudacao}} Ana', horário: 15 } };
    const said = /^(Bom dia|Boa tarde|Boa noite), \{\{saudacao\}\} Ana! Seu horário: 15\.$/;
    const [ana, bia] = [gateway.aCustomer(), gateway.aCustomer()];
    expect(verdict(await gateway.send(shop.id, { to: ana.number, template }))).toBe('201');
    expect((await ana.nextMessage()).text).toMatch(said);
    const answer = await schedule({ to: bia.number, template, sendAt: inMs(300) });
    expect(answer.body.agendamento).toMatchObject({ modelo: 'lembrete' });
    expect((await bia.nextMessage()).text).toMatch(said);
    const [row] = await gateway.crm.rows('whatsapp_modelos', { nome: 'lembrete' });
    expect(row).toMatchObject({ texto: TEXT });
  });

  test('names each variable that is missing', async () => {
    const send = await gateway.send(shop.id, { to: '5511988887777', template: { name: 'lembrete' } });
    expect(verdict(send)).toBe('400 BAD_REQUEST');
    expect(send.body.error?.details).toEqual([
      { field: 'body.template.variables.nome', problem: expect.stringContaining('required') },
      { field: 'body.template.variables.horário', problem: expect.stringContaining('required') },
    ]);
  });

  test('is a caption, too, and no poll', async () => {
    const ana = gateway.aCustomer();
    const file = { type: 'document', mediaBase64: 'b2k=', fileName: 'a.txt' };
    const template = { name: 'lembrete', variables: { nome: 'Ana', horário: '15h' } };
    expect(verdict(await gateway.send(shop.id, { to: ana.number, ...file, template }))).toBe('201');
    const { message } = await ana.nextMessage();
    expect(message.documentWithCaptionMessage?.message?.documentMessage?.caption).toContain('Seu horário: 15h.');
    const poll = { type: 'poll', poll: { question: 'a?', options: ['b', 'c'] }, template };
    expect(details(await gateway.send(shop.id, { to: ana.number, ...poll }))).toMatch(/template.*it has no text/);
  });

  test('is changed, renamed and removed; its name is taken once', async () => {
    const { body } = await gateway.http.post<{ modelo: Row }>(TEMPLATES, { nome: 'a', texto: 'um' });
    const path = `${TEMPLATES}/${String(body.modelo['id'])}`;
    expect(verdict(await gateway.http.post(TEMPLATES, { nome: 'a', texto: 'dois' }))).toBe('409 TEMPLATE_TAKEN');
    expect(verdict(await patch(path, { nome: 'lembrete' }))).toBe('409 TEMPLATE_TAKEN');
    expect(verdict(await patch(path, { nome: 'b', texto: 'três' }))).toBe('200');
    const list = await gateway.http.get<{ data: Row[] }>(TEMPLATES);
    expect(list.body.data.map((row) => row['nome'])).toEqual(['b', 'lembrete']);
    expect(verdict(await gateway.http.delete(path))).toBe('200');
    expect(verdict(await gateway.http.get(path))).toBe('404 TEMPLATE_NOT_FOUND');
    await until('the row to go', async () => (await gateway.crm.rows('whatsapp_modelos', { nome: 'b' })).length === 0);
  });

  test.each<[string, Row, RegExp]>([
    ['no text', { nome: 'x' }, /texto/],
    ['broken braces', { nome: 'x', texto: 'Oi, {{meu nome}}' }, /double braces/],
    ['half a brace', { nome: 'x', texto: 'Oi, {{nome' }, /double braces/],
    ['no such time zone', { nome: 'x', texto: 'Oi', fuso: 'Marte' }, /time zone/],
    ['a name with a space before it', { nome: ' x', texto: 'Oi' }, /space/],
  ])('with %s is refused by name', async (_what, body, why) => {
    const answer = await gateway.http.post(TEMPLATES, body);
    expect([verdict(answer), details(answer)]).toEqual(['400 BAD_REQUEST', expect.stringMatching(why)]);
  });
});

function text(content?: string): Row {
  return { to: '5511988887777', content, sendAt: new Date(Date.now() + 1e6).toISOString() };
}

test('a message is scheduled, changed, written with a template and sent while the database is away', async () => {
  const ana = gateway.aCustomer();
  const outage = { SUPABASE_URL: 'http://127.0.0.1:9' };
  await gateway.restart(outage);
  await gateway.untilEstado(shop.id, 'ready');
  const template = { name: 'lembrete', variables: { nome: 'Ana', horário: '9h' } };
  const id = idOf(await schedule({ to: ana.number, content: 'rascunho', sendAt: inMs(60_000) }));
  expect(verdict(await patch(`${SCHEDULED}/${id}`, { template, sendAt: inMs(200) }))).toBe('200');
  expect((await ana.nextMessage()).text).toContain('Ana! Seu horário: 9h.');
  await until('its outcome', async () => {
    const { body } = await gateway.http.get<One>(`${SCHEDULED}/${id}`);
    return body.agendamento['status'] === 'ENVIADA';
  });
  await gateway.restart();
  await rowOf(id, 'ENVIADA');
});
