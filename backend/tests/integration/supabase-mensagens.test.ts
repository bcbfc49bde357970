import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Endereco, Evento, ResultadoEvento } from '../../src/supabase/evento.js';
import { aTestDatabase, type TestDatabase } from '../support/database.js';
import { aGroup, aMessage, aPerson, aSession } from '../support/eventos.js';

let db: TestDatabase;
let sessao: string;
beforeAll(async () => {
  db = await aTestDatabase();
  const session = aSession();
  sessao = session.sessao;
  await write(session);
});
afterAll(() => db?.close());

const write = (...lote: Evento[]): Promise<ResultadoEvento[]> => db.service.registrarEventos(lote);
const first = async (...lote: Evento[]): Promise<ResultadoEvento> => (await write(...lote))[0] as ResultadoEvento;
const row = async (table: 'mensagens' | 'atendimentos', id: string | null | undefined) =>
  (await db.sql.unsafe(`select * from whatsapp_${table} where id = $1`, [id ?? null]))[0];
const atendimentosOf = async (contato: string | null | undefined) =>
  db.sql.unsafe('select * from whatsapp_atendimentos where contato_id = $1 order by created_at', [contato ?? null]);

describe('atendimentos', () => {
  test("a customer's first message opens one, waiting, with one unread message", async () => {
    const ana = aPerson({ nome_perfil: 'Ana' });
    const message = aMessage(sessao, ana);
    const result = await first(message);
    expect(result).toMatchObject({
      resultado: 'inserida',
      mensagem_id: message.id,
      atendimento_novo: true,
      atendimento_status: 'AGUARDANDO',
    });
    expect(await row('atendimentos', result.atendimento_id)).toMatchObject({
      numero_cliente: ana.pn?.split('@')[0],
      nome_cliente: 'Ana',
      canal: 'whatsapp',
      nao_lidas: 1,
    });
  });

  test('every result of a batch tells the state after its own item', async () => {
    const ana = aPerson();
    const results = await write(
      aMessage(sessao, ana),
      aMessage(sessao, ana, { autor: null }),
      aMessage(sessao, ana),
      aMessage(sessao, aPerson(), { autor: null }),
    );
    expect(results.map((r) => [r.atendimento_novo, r.atendimento_status])).toEqual([
      [true, 'AGUARDANDO'],
      [false, 'EM_ATENDIMENTO'],
      [false, 'EM_ATENDIMENTO'],
      [true, 'EM_ATENDIMENTO'],
    ]);
    expect(new Set(results.slice(0, 3).map((r) => r.atendimento_id)).size).toBe(1);
  });

  test('after FINALIZADO the next message opens a new one', async () => {
    const ana = aPerson();
    const one = await first(aMessage(sessao, ana));
    await db.sql`update whatsapp_atendimentos set status = 'FINALIZADO' where id = ${one.atendimento_id}`;
    expect((await row('atendimentos', one.atendimento_id))?.['data_fim']).not.toBeNull();
    const two = await first(aMessage(sessao, ana));
    expect(two.atendimento_novo).toBe(true);
    expect(two.atendimento_id).not.toBe(one.atendimento_id);
  });

  test('the robot neither opens nor moves one', async () => {
    const ana = aPerson();
    const robot = { autor: null, remetente: 'SISTEMA' as const };
    const alone = await first(aMessage(sessao, ana, robot));
    expect(alone).toMatchObject({ resultado: 'inserida', atendimento_id: null });
    const [opened, answered] = await write(aMessage(sessao, ana), aMessage(sessao, ana, robot));
    expect(answered).toMatchObject({ atendimento_id: opened?.atendimento_id, atendimento_status: 'AGUARDANDO' });
  });

  test('history is stored as read and opens none', async () => {
    const ana = aPerson();
    const result = await first(aMessage(sessao, ana, { historico: true }));
    expect(result).toMatchObject({ resultado: 'inserida', atendimento_id: null, atendimento_novo: false });
    expect(await row('mensagens', result.mensagem_id)).toMatchObject({ lida: true });
  });

  test('a replayed message opens none and counts nothing twice', async () => {
    const ana = aPerson();
    const message = aMessage(sessao, ana);
    const one = await first(message);
    await db.sql`update whatsapp_atendimentos set status = 'FINALIZADO' where id = ${one.atendimento_id}`;
    expect(await first(message)).toMatchObject({ resultado: 'duplicada', atendimento_id: one.atendimento_id });
    expect(await atendimentosOf(one.contato_id)).toHaveLength(1);
  });

  test('the same message twice in one batch is one row', async () => {
    const ana = aPerson();
    const message = aMessage(sessao, ana);
    const results = await write(message, { ...message }, aMessage(sessao, ana));
    expect(results.map((r) => [r.indice, r.resultado])).toEqual([
      [0, 'inserida'],
      [1, 'duplicada'],
      [2, 'inserida'],
    ]);
    expect(await row('atendimentos', results[0]?.atendimento_id)).toMatchObject({ nao_lidas: 2 });
  });

  test('a group is one atendimento, whoever writes', async () => {
    const group = aGroup();
    const [one, two] = await write(
      aMessage(sessao, group, { autor: aPerson() }),
      aMessage(sessao, group, { autor: aPerson() }),
    );
    expect(two?.atendimento_id).toBe(one?.atendimento_id);
    expect(await row('atendimentos', one?.atendimento_id)).toMatchObject({
      canal: 'whatsapp_grupo',
      numero_cliente: group.jid,
      nome_cliente: 'Família',
    });
  });

  test('ultima_mensagem is the newest time, whatever order they come in', async () => {
    const ana = aPerson();
    const [result] = await write(
      aMessage(sessao, ana, { timestamp: '2026-11-22T10:00:00Z' }),
      aMessage(sessao, ana, { timestamp: '2026-11-22T09:00:00Z' }),
    );
    const stored = await row('atendimentos', result?.atendimento_id);
    expect(new Date(stored?.['ultima_mensagem'] as string).toISOString()).toBe('2026-11-22T10:00:00.000Z');
  });

  test('two batches at once open one atendimento and write each message once', async () => {
    const ana = aPerson();
    const lote = Array.from({ length: 40 }, () => aMessage(sessao, ana));
    const both = await Promise.all([write(...lote), write(...lote)]);
    const inserted = both.flat().filter((r) => r.resultado === 'inserida');
    expect(inserted).toHaveLength(40);
    expect(both.flat().filter((r) => r.atendimento_novo)).toHaveLength(1);
    expect(await row('atendimentos', inserted[0]?.atendimento_id)).toMatchObject({ nao_lidas: 40 });
  });
});

describe('contents', () => {
  test('a message that could not be read is replaced in place when its content comes', async () => {
    const ana = aPerson();
    const blank = aMessage(sessao, ana, { subtipo: 'INDECIFRAVEL', conteudo: 'Aguardando mensagem' });
    const readable = { ...blank, id: crypto.randomUUID(), ordem: 99_999, subtipo: null, conteudo: 'agora sim' };
    const results = await write(blank, readable, readable);
    expect(results.map((r) => r.resultado)).toEqual(['inserida', 'atualizada', 'duplicada']);
    expect(await row('mensagens', blank.id)).toMatchObject({ conteudo: 'agora sim', subtipo: null });
    expect(await row('atendimentos', results[0]?.atendimento_id)).toMatchObject({ nao_lidas: 1 });
  });

  test.each([
    ['emoji', '👩‍👩‍👧‍👦🏳️‍🌈 é ção'],
    ['right to left', 'مرحبا بالعالم ‮abc'],
    ['quotes and backslashes', `'"\\\\; drop table x; -- $$ %s \\u0041`],
    ['64 KB', 'á'.repeat(32 * 1024)],
  ])('%s comes back as it was', async (_, conteudo) => {
    const message = aMessage(sessao, aPerson(), { conteudo, dados: { original: conteudo } });
    await write(message);
    expect(await row('mensagens', message.id)).toMatchObject({ conteudo, dados: { original: conteudo } });
  });

  test.each([
    ['NUL', 'a\u0000b'],
    ['a lone surrogate', 'a\ud800b'],
  ])('%s is refused for good, and the batch around it can be written without it', async (_, conteudo) => {
    const good = aMessage(sessao, aPerson());
    const bad = aMessage(sessao, aPerson(), { conteudo });
    await expect(write(good, bad)).rejects.toMatchObject({ retryClass: 'dead' });
    expect(await row('mensagens', good.id)).toBeUndefined();
    expect(await first(good)).toMatchObject({ resultado: 'inserida' });
  });

  test('a type outside the contract is refused for good', async () => {
    const bad = aMessage(sessao, aPerson(), { tipo: 'GIF' as 'TEXTO' });
    await expect(write(bad)).rejects.toMatchObject({ retryClass: 'dead' });
  });

  test('an event of an unknown session is refused for good', async () => {
    await expect(write(aMessage('nobody', aPerson()))).rejects.toMatchObject({ retryClass: 'dead' });
  });
});

describe('who someone is', () => {
  const byPn = (person: Endereco): Endereco => ({ ...person, lid: null, jid: person.pn ?? '' });
  const byLid = (person: Endereco): Endereco => ({ ...person, pn: null, jid: person.lid ?? '' });

  test('number and LID of one person are one contato and one atendimento', async () => {
    const ana = aPerson();
    const results = await write(aMessage(sessao, ana), aMessage(sessao, byPn(ana)), aMessage(sessao, byLid(ana)));
    expect(new Set(results.map((r) => r.contato_id)).size).toBe(1);
    expect(new Set(results.map((r) => r.atendimento_id)).size).toBe(1);
  });

  test('while only the LID is known the number is <digits>@lid; it changes when the number comes', async () => {
    const ana = aPerson();
    const one = await first(aMessage(sessao, byLid(ana)));
    expect(await row('atendimentos', one.atendimento_id)).toMatchObject({ numero_cliente: ana.lid });
    await write({ op: 'contato', sessao, contato: ana });
    expect(await row('atendimentos', one.atendimento_id)).toMatchObject({ numero_cliente: ana.pn?.split('@')[0] });
  });

  test('a mapping that comes late merges contatos, atendimentos and messages', async () => {
    const ana = aPerson();
    const [byNumber, byOther] = await write(aMessage(sessao, byPn(ana)), aMessage(sessao, byLid(ana)));
    expect(byOther?.atendimento_id).not.toBe(byNumber?.atendimento_id);
    await db.sql`update whatsapp_atendimentos set prioridade = 5, tags = '["vip","x"]', observacoes = 'liga', status = 'EM_ATENDIMENTO'
                  where id = ${byOther?.atendimento_id ?? null}`;
    await db.sql`update whatsapp_atendimentos set tags = '["x"]', observacoes = 'oi' where id = ${byNumber?.atendimento_id ?? null}`;
    const merged = await first(aMessage(sessao, ana));
    expect(merged.unidos).toEqual([{ de: byOther?.atendimento_id, para: byNumber?.atendimento_id }]);
    expect(await row('atendimentos', byNumber?.atendimento_id)).toMatchObject({
      status: 'EM_ATENDIMENTO',
      nao_lidas: 3,
      prioridade: 5,
      tags: ['x', 'vip'],
      observacoes: 'oi\nliga',
    });
    expect(await row('atendimentos', byOther?.atendimento_id)).toMatchObject({
      status: 'CANCELADO',
      unido_a: byNumber?.atendimento_id,
    });
    const page = await db.service.listMensagens(byOther?.atendimento_id ?? '', { limit: 10 });
    expect(page.data).toHaveLength(3);
  });

  test('merging drops the copy of a message that both had', async () => {
    const ana = aPerson();
    const message = aMessage(sessao, byPn(ana));
    const copy = { ...message, id: crypto.randomUUID(), chat: byLid(ana), autor: byLid(ana) };
    const [one] = await write(message, copy);
    await write({ op: 'contato', sessao, contato: ana });
    const rows = await db.sql`select * from whatsapp_mensagens where whatsapp_id = ${message.whatsapp_id}`;
    expect(rows).toHaveLength(1);
    // Both are of the same second: either may be the one that stays.
    expect(await db.service.getAtendimento(one?.atendimento_id ?? '')).toMatchObject({ nao_lidas: 1 });
  });

  test("both spellings of a Brazilian number are one contato, and WhatsApp's is kept", async () => {
    const typed = aPerson({ lid: null, pn: '5531987654321@s.whatsapp.net' });
    const real = aPerson({ lid: null, pn: '553187654321@s.whatsapp.net' });
    const sent = await first(aMessage(sessao, typed, { autor: null }));
    const answer = await first(aMessage(sessao, real));
    expect(answer.contato_id).toBe(sent.contato_id);
    await write(aMessage(sessao, typed, { autor: null }));
    expect(await row('atendimentos', sent.atendimento_id)).toMatchObject({ numero_cliente: '553187654321' });
  });

  test('a new name shows in the open atendimento', async () => {
    const ana = aPerson({ nome_perfil: 'Ana' });
    const one = await first(aMessage(sessao, ana));
    await write({ op: 'contato', sessao, contato: { ...ana, nome: 'Ana Souza' } });
    expect(await row('atendimentos', one.atendimento_id)).toMatchObject({ nome_cliente: 'Ana Souza' });
  });
});
