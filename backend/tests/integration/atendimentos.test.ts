import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import { randomUUID } from 'node:crypto';
import ws from 'ws';
import { ATENDIMENTO_ACTIONS, type ActionInputs, type ActionName } from '../../src/integration/atendimento-actions.js';
import { Atendimentos } from '../../src/integration/atendimentos.js';
import type { Row, Scope } from '../../src/integration/resources.js';
import { AtendimentoTable, type StatusAtendimento } from '../../src/supabase/atendimentos.js';
import { aTestDatabase, aUserToken, type TestDatabase } from '../support/database.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';

let db: TestDatabase;
let atendimentos: Atendimentos;
/** How often whoever goes by the rows was told to look. */
let changes = 0;
const owner = randomUUID();
const company = randomUUID();
const session = aSession({ owner_id: owner, company_id: company });
const mine: Scope = { ownerId: owner, companyIds: [] };
const colleague = { ownerId: randomUUID(), companyIds: [company] };
const stranger = { ownerId: randomUUID(), companyIds: [randomUUID()] };
const actor = { origem: 'root', autorId: randomUUID() };

beforeAll(async () => {
  db = await aTestDatabase();
  atendimentos = new Atendimentos({
    database: db.service,
    table: new AtendimentoTable(db.service),
    changed: () => void (changes += 1),
  });
  await db.service.registrarEventos([session]);
});
afterAll(() => db?.close());

/** A new atendimento with one message, put into a status. */
async function anAtendimento(status: StatusAtendimento = 'AGUARDANDO', changes: Row = {}): Promise<string> {
  const [result] = await db.service.registrarEventos([aMessage(session.sessao, aPerson())]);
  const id = result!.atendimento_id!;
  await db.sql`update whatsapp_atendimentos set ${db.sql({ status, ...changes })} where id = ${id}`;
  return id;
}

const rowOf = async (id: string) => (await db.sql`select * from whatsapp_atendimentos where id = ${id}`)[0]!;
const eventsOf = async (id: string) => (await atendimentos.events(id, { limit: 50, cursor: null }, null)).data;
const agent = randomUUID();

const INPUTS: ActionInputs = {
  assign: { atendenteId: agent },
  start: { atendenteId: agent },
  finish: { texto: 'resolvido' },
  cancel: {},
  transfer: { atendenteId: agent, texto: 'é com ela' },
  priority: { prioridade: 7 },
  tags: { adicionar: ['vip'], remover: [] },
  note: { texto: 'ligar amanhã' },
};
const NAMES = Object.keys(ATENDIMENTO_ACTIONS) as ActionName[];
const STATUSES = ['AGUARDANDO', 'EM_ATENDIMENTO', 'FINALIZADO', 'CANCELADO'] as const;

describe('actions', () => {
  const cases = NAMES.flatMap((name) => STATUSES.map((status) => [name, status] as const));

  test.each(cases)('%s in %s does what the table says', async (name, status) => {
    const policy = ATENDIMENTO_ACTIONS[name];
    const id = await anAtendimento(status);
    const before = changes;
    const done = atendimentos.act(id, name, INPUTS[name], actor, mine);
    const told = await done.then(
      ({ changed }) => changed,
      () => false,
    );
    expect(changes - before).toBe(told ? 1 : 0);
    if (policy.to === status && name !== 'start') {
      expect(await done).toMatchObject({ changed: false, eventoId: null });
    } else if (policy.from.includes(status)) {
      expect(await done).toMatchObject({ changed: true, atendimento: { id, status: policy.to ?? status } });
      const [event] = await eventsOf(id);
      expect(event).toMatchObject({ tipo: policy.event, autor_id: actor.autorId, origem: 'root' });
      expect(event?.['texto']).toBe('texto' in INPUTS[name] ? (INPUTS[name] as { texto: string }).texto : null);
    } else {
      await expect(done).rejects.toMatchObject({
        code: 'INVALID_TRANSITION',
        status: 409,
        details: { action: name, status, allowed: policy.from },
      });
      expect([(await rowOf(id))['status'], await eventsOf(id)]).toEqual([status, []]);
    }
  });

  test.each(NAMES)("%s does not touch somebody else's, and a colleague of the company may", async (name) => {
    const id = await anAtendimento();
    const act = (scope: Scope) => atendimentos.act(id, name, INPUTS[name], actor, scope);
    const before = await rowOf(id);
    await expect(act(stranger)).rejects.toMatchObject({ code: 'ATENDIMENTO_NOT_FOUND', status: 404 });
    expect(await rowOf(id)).toEqual(before);
    expect((await act(colleague)).changed).toBe(true);
  });

  test('a key that is limited to other connections does not reach it, by no way', async () => {
    const id = await anAtendimento();
    const row = await rowOf(id);
    const only = (rowId: string | null): Scope => ({ ...mine, connections: [{ connectionId: 'c1', rowId }] });
    const seen = async (scope: Scope) => {
      const { data } = await atendimentos.list(
        { busca: String(row['numero_cliente']) },
        { limit: 5, cursor: null },
        scope,
      );
      const { atendimentos: open } = await atendimentos.unread({}, scope);
      return [data.map((each) => each['id']), open > 0];
    };
    for (const scope of [only(randomUUID()), only(null)]) {
      expect(await seen(scope)).toEqual([[], false]);
      await expect(atendimentos.get(id, scope)).rejects.toMatchObject({ code: 'ATENDIMENTO_NOT_FOUND' });
      const done = atendimentos.act(id, 'note', INPUTS.note, actor, scope);
      await expect(done).rejects.toMatchObject({ code: 'ATENDIMENTO_NOT_FOUND' });
    }
    const right = only(String(row['session_id']));
    expect(await seen(right)).toEqual([[id], true]);
    expect(await atendimentos.act(id, 'note', INPUTS.note, actor, right)).toMatchObject({ changed: true });
  });

  test('an atendimento that does not exist is not found', async () => {
    await expect(atendimentos.act(randomUUID(), 'cancel', {}, actor, null)).rejects.toMatchObject({
      code: 'ATENDIMENTO_NOT_FOUND',
    });
  });

  test('of many agents who start it at once exactly one gets it', async () => {
    const id = await anAtendimento();
    const agents = Array.from({ length: 8 }, () => randomUUID());
    const tries = await Promise.allSettled(
      agents.map((atendenteId) => atendimentos.act(id, 'start', { atendenteId }, actor, mine)),
    );
    const won = tries.flatMap((each, i) => (each.status === 'fulfilled' ? [agents[i]] : []));
    expect(won).toEqual([(await rowOf(id))['atendente_id']]);
    const lost = tries.flatMap((each) => (each.status === 'rejected' ? [(each.reason as { code: string }).code] : []));
    expect(lost).toEqual(Array(7).fill('ATENDIMENTO_TAKEN'));
    expect(await eventsOf(id)).toHaveLength(1);
  });

  test('only a transfer takes it away from another agent; the history says from whom', async () => {
    const first = randomUUID();
    const id = await anAtendimento('EM_ATENDIMENTO', { atendente_id: first });
    await expect(atendimentos.act(id, 'assign', { atendenteId: agent }, actor, mine)).rejects.toMatchObject({
      code: 'ATENDIMENTO_TAKEN',
      details: { atendenteId: first },
    });
    await atendimentos.act(id, 'transfer', { atendenteId: agent }, actor, mine);
    await atendimentos.act(id, 'transfer', { atendenteId: null }, actor, mine);
    expect(await eventsOf(id)).toMatchObject([
      { antes: { atendente_id: first }, depois: { atendente_id: agent } },
      { antes: { atendente_id: agent }, depois: { atendente_id: null } },
    ]);
  });

  test('closing sets data_fim, and the next message of the customer opens a new one', async () => {
    const chat = aPerson();
    const [opened] = await db.service.registrarEventos([aMessage(session.sessao, chat)]);
    const id = opened!.atendimento_id!;
    const { atendimento } = await atendimentos.act(id, 'finish', {}, actor, mine);
    expect(atendimento['data_fim']).toEqual(expect.any(String));
    const [next] = await db.service.registrarEventos([aMessage(session.sessao, chat)]);
    expect(next).toMatchObject({ atendimento_novo: true });
    expect(next!.atendimento_id).not.toBe(id);
  });

  test('tags are added once and removed, in their order, whatever stood there before', async () => {
    const id = await anAtendimento();
    const tag = async (adicionar: string[], remover: string[] = []) =>
      (await atendimentos.act(id, 'tags', { adicionar, remover }, actor, mine)).atendimento['tags'];
    expect(await tag([], ['nada'])).toBeNull();
    expect(await tag(['vip', 'São Paulo', 'vip'])).toEqual(['vip', 'São Paulo']);
    expect(await tag(['novo', 'vip'], ['São Paulo'])).toEqual(['vip', 'novo']);
    await db.sql`update whatsapp_atendimentos set tags = '{"a":1}' where id = ${id}`;
    expect(await tag(['b'])).toEqual([{ a: 1 }, 'b']);
  });

  test('an id that was merged leads to the one that goes on', async () => {
    const [old, current] = [await anAtendimento(), await anAtendimento()];
    await atendimentos.act(old, 'note', { texto: 'antes' }, actor, mine);
    await db.sql`update whatsapp_atendimentos set status = 'CANCELADO', unido_a = ${current} where id = ${old}`;
    expect(await atendimentos.act(old, 'note', { texto: 'depois' }, actor, mine)).toMatchObject({
      atendimento: { id: current },
    });
    expect((await eventsOf(old)).map((event) => event['texto'])).toEqual(['antes', 'depois']);
  });

  test("an agent's change in the table itself is in the history, too", async () => {
    const id = await anAtendimento();
    const crm = createClient(db.url, db.anonKey, {
      auth: { persistSession: false, autoRefreshToken: false },
      realtime: { transport: ws as never },
      global: { headers: { Authorization: `Bearer ${aUserToken(db.jwtSecret, owner)}` } },
    });
    expect((await crm.from('whatsapp_atendimentos').update({ prioridade: 4 }).eq('id', id)).error).toBeNull();
    const { data } = await crm.from('whatsapp_atendimento_eventos').select('*').eq('atendimento_id', id);
    expect(data).toMatchObject([
      { tipo: 'ALTERADO', origem: 'crm', autor_id: owner, antes: { prioridade: 0 }, depois: { prioridade: 4 } },
    ]);
    const forged = await crm.from('whatsapp_atendimento_eventos').insert({ ...data![0], id: randomUUID() });
    expect(forged.error?.code).toBe('42501');
    expect((await crm.rpc('alterar_atendimento', { pedido: { id } })).error).not.toBeNull();
  });
});

describe('lists', () => {
  const list = async (filter: Parameters<Atendimentos['list']>[0], scope: Scope | null = mine) =>
    (await atendimentos.list(filter, { limit: 200, cursor: null }, scope)).data.map((row) => row['id']);

  test('are filtered by status, agent, connection, period and unread messages', async () => {
    const [waiting, taken] = [await anAtendimento(), await anAtendimento('EM_ATENDIMENTO', { atendente_id: agent })];
    const done = await anAtendimento('FINALIZADO', {
      ultima_mensagem: '2020-05-05T12:00:00Z',
      nao_lidas: 0,
    });
    const found = async (filter: Parameters<Atendimentos['list']>[0]) => {
      const ids = await list(filter);
      return [waiting, taken, done].map((id) => ids.includes(id));
    };
    expect(await found({})).toEqual([true, true, true]);
    expect(await found({ status: ['AGUARDANDO'] })).toEqual([true, false, false]);
    expect(await found({ status: ['EM_ATENDIMENTO', 'FINALIZADO'] })).toEqual([false, true, true]);
    expect(await found({ atendenteId: agent })).toEqual([false, true, false]);
    expect(await found({ atendenteId: 'none' })).toEqual([true, false, true]);
    expect(await found({ sessao: session.sessao })).toEqual([true, true, true]);
    expect(await found({ sessao: 'outra' })).toEqual([false, false, false]);
    expect(await found({ de: '2020-05-05T12:00:00Z', ate: '2020-05-06T00:00:00Z' })).toEqual([false, false, true]);
    expect(await found({ ate: '2020-05-05T12:00:00Z' })).toEqual([false, false, false]);
    expect(await found({ naoLidas: true })).toEqual([true, true, false]);
  });

  test.each([
    ['maria', 'Maria José (loja), 50%'],
    ['JOSÉ (loja), 50%', 'Maria José (loja), 50%'],
    ['"aspas" \\ barra', 'com "aspas" \\ barra'],
    ["'; drop table x; --", "O'; drop table x; --"],
    ['👩‍👧', 'Ana 👩‍👧'],
  ])('%s is found in a name', async (busca, nome_cliente) => {
    const id = await anAtendimento('AGUARDANDO', { nome_cliente });
    expect(await list({ busca })).toContain(id);
    expect(await list({ busca: `${busca}zzz` })).not.toContain(id);
  });

  test('a number is found in any spelling, notes are searched', async () => {
    const id = await anAtendimento('AGUARDANDO', { numero_cliente: '5511987654321', observacoes: 'gosta de azul' });
    expect(await list({ busca: '(11) 98765-4321' })).toEqual([id]);
    expect(await list({ busca: 'AZUL' })).toEqual([id]);
  });

  test("never show somebody else's", async () => {
    await anAtendimento();
    expect(await list({}, stranger)).toEqual([]);
    expect((await list({}, colleague)).length).toBeGreaterThan(0);
    const id = await anAtendimento();
    for (const read of [
      () => atendimentos.get(id, stranger),
      () => atendimentos.events(id, { limit: 1, cursor: null }, stranger),
      () => atendimentos.export(id, { format: 'json', fuso: 'UTC' }, stranger),
    ]) {
      await expect(read()).rejects.toMatchObject({ code: 'ATENDIMENTO_NOT_FOUND' });
    }
    expect(await atendimentos.unread({}, stranger)).toEqual({ atendimentos: 0, naoLidas: 0, grupos: [] });
  });

  test('can be walked to the end and back, and later show what is new', async () => {
    const other = aSession({ owner_id: randomUUID() });
    const scope = { ownerId: other.owner_id!, companyIds: [] };
    const people = Array.from({ length: 7 }, () => aPerson());
    await db.service.registrarEventos([other, ...people.map((chat) => aMessage(other.sessao, chat))]);
    const page = (cursor: string | null) => atendimentos.list({}, { limit: 3, cursor }, scope);
    const forward = [await page(null)];
    while (forward.at(-1)!.nextCursor) forward.push(await page(forward.at(-1)!.nextCursor));
    expect(forward.map(({ data }) => data.length)).toEqual([3, 3, 1]);
    const back = await page(forward[2]!.prevCursor);
    expect(back.data).toEqual(forward[1]!.data);
    expect((await page(back.prevCursor)).data).toEqual(forward[0]!.data);
    expect((await page(back.nextCursor)).data).toEqual(forward[2]!.data);

    const nothing = await page(forward[0]!.prevCursor);
    expect(nothing.data).toEqual([]);
    await db.service.registrarEventos([aMessage(other.sessao, aPerson(), { timestamp: '2030-01-01T00:00:00.000Z' })]);
    expect((await page(nothing.prevCursor)).data).toHaveLength(1);
  });

  test('open ones and their unread messages are counted by connection, status and agent', async () => {
    const other = aSession({ owner_id: randomUUID() });
    const scope = { ownerId: other.owner_id!, companyIds: [] };
    const [ana, bia, caio] = [aPerson(), aPerson(), aPerson()];
    const results = await db.service.registrarEventos([
      other,
      ...[ana, ana, bia, caio].map((chat) => aMessage(other.sessao, chat)),
    ]);
    await atendimentos.act(results[3]!.atendimento_id!, 'start', { atendenteId: agent }, actor, scope);
    await atendimentos.act(results[4]!.atendimento_id!, 'cancel', {}, actor, scope);
    const connectionId = other.sessao;
    const started = { connectionId, status: 'EM_ATENDIMENTO', atendenteId: agent, atendimentos: 1, naoLidas: 1 };
    expect(await atendimentos.unread({}, scope)).toEqual({
      atendimentos: 2,
      naoLidas: 3,
      grupos: [{ connectionId, status: 'AGUARDANDO', atendenteId: null, atendimentos: 1, naoLidas: 2 }, started],
    });
    expect(await atendimentos.unread({ atendenteId: agent, sessao: connectionId }, scope)).toMatchObject({
      grupos: [started],
    });
  });
});

describe('an export', () => {
  const whole = async (chunks: AsyncIterable<string> | Iterable<string>) => {
    let text = '';
    for await (const chunk of chunks) text += chunk;
    return text;
  };

  test('has every message once, in order, page after page', async () => {
    const chat = aPerson({ nome: 'Ana' });
    const sent = Array.from({ length: 1203 }, () => aMessage(session.sessao, chat));
    const results = [];
    for (let i = 0; i < sent.length; i += 500) {
      results.push(...(await db.service.registrarEventos(sent.slice(i, i + 500))));
    }
    const id = results[0]!.atendimento_id!;
    const json = await whole(await atendimentos.export(id, { format: 'json', fuso: 'UTC' }, mine));
    const parsed = JSON.parse(json) as { atendimento: Row; mensagens: Row[] };
    expect(parsed.atendimento['id']).toBe(id);
    expect(parsed.mensagens.map((row) => row['id'])).toEqual(sent.map(({ id: each }) => each));
    const csv = await whole(await atendimentos.export(id, { format: 'csv', fuso: 'UTC' }, mine));
    expect(csv.split('\r\n')).toHaveLength(1205);
    const txt = await whole(await atendimentos.export(id, { format: 'txt', fuso: 'America/Sao_Paulo' }, mine));
    const first = new Date(sent[0]!.timestamp).toLocaleString('pt-BR', { timeZone: 'America/Sao_Paulo' });
    expect(txt).toContain(`] Cliente: ${sent[0]!.conteudo}\n`);
    expect(txt).toContain(first.split(', ')[1]);
  });
});
