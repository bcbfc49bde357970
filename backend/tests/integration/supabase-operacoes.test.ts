import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Endereco, Evento, EventoStatus, ResultadoEvento, StatusMensagem } from '../../src/supabase/evento.js';
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
const message = async (id: string) => (await db.sql`select * from whatsapp_mensagens where id = ${id}`)[0];
const naoLidas = async (id: string | null | undefined) =>
  (await db.sql`select nao_lidas from whatsapp_atendimentos where id = ${id ?? null}`)[0]?.['nao_lidas'] as number;
const pending = async () => (await db.sql`select * from whatsapp_status_pendentes`).length;
const iso = (time: unknown) => (time as Date).toISOString();

function aStatus(chat: Endereco, whatsapp_id: string, status: StatusMensagem, changes: Partial<EventoStatus> = {}) {
  return { op: 'status' as const, sessao, chat, whatsapp_id, status, timestamp: '2026-11-21T12:00:00Z', ...changes };
}

describe('statuses', () => {
  const ALL = ['PENDENTE', 'ENVIADA', 'ENTREGUE', 'LIDA', 'REPRODUZIDA', 'ERRO'] as const;
  const ALLOWED: Record<string, readonly string[]> = {
    PENDENTE: ['ENVIADA', 'ENTREGUE', 'LIDA', 'REPRODUZIDA', 'ERRO'],
    ENVIADA: ['ENTREGUE', 'LIDA', 'REPRODUZIDA', 'ERRO'],
    ENTREGUE: ['LIDA', 'REPRODUZIDA'],
    LIDA: ['REPRODUZIDA'],
    REPRODUZIDA: [],
    ERRO: ['ENVIADA', 'ENTREGUE', 'LIDA', 'REPRODUZIDA'],
  };
  test.each(ALL)('from %s only the allowed moves happen', async (from) => {
    const chat = aPerson();
    const sent = ALL.map(() => aMessage(sessao, chat, { autor: null, status: from }));
    await write(...sent);
    await write(...sent.map((m, i) => aStatus(chat, m.whatsapp_id, ALL[i] ?? 'ERRO', { erro: 'EXPIRED' })));
    const after = await Promise.all(sent.map(async (m) => (await message(m.id))?.['status'] as string));
    expect(after).toEqual(ALL.map((to) => (ALLOWED[from]?.includes(to) ? to : from)));
  });

  test('the server ack gives the message its time; receipts are kept with theirs', async () => {
    const chat = aPerson();
    const sent = aMessage(sessao, chat, { autor: null });
    await write(
      sent,
      aStatus(chat, sent.whatsapp_id, 'ENVIADA', { timestamp: '2026-11-23T08:00:05Z' }),
      aStatus(chat, sent.whatsapp_id, 'LIDA', { timestamp: '2026-11-23T08:01:00Z' }),
    );
    const row = await message(sent.id);
    expect(row).toMatchObject({
      status: 'LIDA',
      lida: true,
      dados: { recibos: { ENVIADA: '2026-11-23T08:00:05Z', LIDA: '2026-11-23T08:01:00Z' } },
    });
    expect(iso(row?.['timestamp'])).toBe('2026-11-23T08:00:05.000Z');
  });

  test('an error says why, and leaves when the message gets through after all', async () => {
    const chat = aPerson();
    const sent = aMessage(sessao, chat, { autor: null });
    await write(sent, aStatus(chat, sent.whatsapp_id, 'ERRO', { erro: 'EXPIRED' }));
    expect(await message(sent.id)).toMatchObject({ status: 'ERRO', erro: 'EXPIRED' });
    await write(aStatus(chat, sent.whatsapp_id, 'ENTREGUE'));
    expect(await message(sent.id)).toMatchObject({ status: 'ENTREGUE', erro: null });
  });

  test('a receipt that comes before its message waits for it', async () => {
    const chat = aPerson();
    const sent = aMessage(sessao, chat, { autor: null });
    const [early] = await write(aStatus(chat, sent.whatsapp_id, 'ENTREGUE'));
    expect(early).toMatchObject({ resultado: 'pendente', mensagem_id: null });
    await write(aStatus(chat, sent.whatsapp_id, 'ENTREGUE'));
    expect(await pending()).toBe(1);
    await write(sent);
    expect(await message(sent.id)).toMatchObject({ status: 'ENTREGUE' });
    expect(await pending()).toBe(0);
  });

  test('a received message never changes its status', async () => {
    const chat = aPerson();
    const received = aMessage(sessao, chat);
    await write(received, aStatus(chat, received.whatsapp_id, 'LIDA'));
    expect(await message(received.id)).toMatchObject({ status: 'RECEBIDA', lida: false });
    await db.sql`delete from whatsapp_status_pendentes`;
  });

  describe('in a group', () => {
    const digits = (pn: string | null) => pn!.split('@')[0]!;
    const me = { pn: '5511900000000@s.whatsapp.net', lid: '900000000@lid' };
    function aGroupMessage() {
      const group = aGroup();
      const [ana, bia] = [aPerson(), aPerson()];
      const sent = aMessage(sessao, group, { autor: null });
      const destinatarios = [me, ana, bia].map(({ pn, lid }) => ({ pn, lid }));
      const ack = aStatus(group, sent.whatsapp_id, 'ENVIADA', { destinatarios });
      const receipt = (participante: Endereco, status: StatusMensagem, timestamp = '2026-11-21T08:00:00.000Z') =>
        aStatus(group, sent.whatsapp_id, status, { participante, timestamp });
      return { ana, bia, sent, ack, receipt };
    }
    const parts = async (id: string) => (await message(id))?.['dados'] as Record<string, unknown>;

    test('the message has the lowest status of those whom it was sent to', async () => {
      const { ana, bia, sent, ack, receipt } = aGroupMessage();
      await write(sent, ack, receipt(ana, 'LIDA'));
      expect(await message(sent.id)).toMatchObject({ status: 'ENVIADA', lida: false });
      await write(receipt(bia, 'ENTREGUE'));
      expect(await message(sent.id)).toMatchObject({ status: 'ENTREGUE' });
      await write(receipt(bia, 'LIDA'));
      expect(await message(sent.id)).toMatchObject({ status: 'LIDA', lida: true });
      expect(await parts(sent.id)).toMatchObject({
        destinatarios: 2,
        participantes: {
          [digits(ana.pn)]: { lid: ana.lid, lido: '2026-11-21T08:00:00.000Z' },
          [digits(bia.pn)]: { lid: bia.lid, entregue: expect.any(String), lido: expect.any(String) },
        },
      });
    });

    test.each<[string, (items: Evento[]) => Evento[]]>([
      ['in order', (items) => items],
      ['backwards, before the message and its ack', (items) => items.toReversed()],
      ['twice', (items) => [...items, ...items]],
    ])('receipts %s give the same row', async (_how, order) => {
      const { ana, bia, sent, ack, receipt } = aGroupMessage();
      const items = [
        ...[sent, ack, receipt(ana, 'ENTREGUE', '2026-11-21T08:00:01.000Z')],
        receipt(ana, 'LIDA', '2026-11-21T08:00:05.000Z'),
        receipt(ana, 'LIDA', '2026-11-21T08:00:03.000Z'),
        receipt({ ...bia, jid: bia.lid!, pn: null }, 'ENTREGUE', '2026-11-21T08:00:02.000Z'),
      ];
      // One by one: a batch stores its messages first.
      for (const item of order(items)) await write(item);
      expect(await message(sent.id)).toMatchObject({ status: 'ENTREGUE' });
      expect((await parts(sent.id))['participantes']).toEqual({
        [digits(ana.pn)]: { lid: ana.lid, entregue: '2026-11-21T08:00:01.000Z', lido: '2026-11-21T08:00:03.000Z' },
        [digits(bia.pn)]: { lid: bia.lid, entregue: '2026-11-21T08:00:02.000Z' },
      });
    });

    test('while nobody knows whom it was sent to, it is not delivered to all', async () => {
      const { ana, sent, receipt } = aGroupMessage();
      await write(sent, receipt(ana, 'LIDA'));
      expect(await message(sent.id)).toMatchObject({ status: 'PENDENTE' });
      expect(await parts(sent.id)).toMatchObject({ participantes: { [digits(ana.pn)]: { lido: expect.any(String) } } });
    });

    test('a group of nobody else stays sent', async () => {
      const { sent, ack } = aGroupMessage();
      await write(sent, { ...ack, destinatarios: [me] });
      expect(await message(sent.id)).toMatchObject({
        status: 'ENVIADA',
        dados: { destinatarios: 0, participantes: {} },
      });
    });
  });
});

describe('edits, deletions, reactions', () => {
  test('an edit changes the text and keeps the first one', async () => {
    const chat = aPerson();
    const received = aMessage(sessao, chat, { conteudo: 'oi' });
    const alvo = { chat, autor: chat, whatsapp_id: received.whatsapp_id };
    const edit = { op: 'edicao' as const, sessao, alvo, conteudo: 'olá', editada_em: '2026-11-21T10:00:00Z' };
    const later = { ...edit, conteudo: 'olá!', editada_em: '2026-11-21T11:00:00Z' };
    const results = await write(received, later, edit);
    // The older edit came late: it changes no text, and what it said is kept.
    expect(results.map((r) => r.resultado)).toEqual(['inserida', 'atualizada', 'atualizada']);
    expect(await message(received.id)).toMatchObject({
      conteudo: 'olá!',
      dados: { conteudo_original: 'oi', versoes: [{ conteudo: 'oi' }, { conteudo: edit.conteudo }] },
    });
    expect(await naoLidas(results[0]?.atendimento_id)).toBe(1);
  });

  test("nobody can edit another person's message by naming its id", async () => {
    const [ana, eve] = [aPerson(), aPerson()];
    const received = aMessage(sessao, ana, { conteudo: 'oi' });
    const alvo = { chat: eve, autor: eve, whatsapp_id: received.whatsapp_id };
    await write(received, { op: 'edicao', sessao, alvo, conteudo: 'hacked', editada_em: '2026-11-21T10:00:00Z' });
    expect(await message(received.id)).toMatchObject({ conteudo: 'oi' });
    await db.sql`delete from whatsapp_status_pendentes`;
  });

  test('a deletion shows as such, also when it came before its message', async () => {
    const chat = aPerson();
    const received = aMessage(sessao, chat, { conteudo: 'segredo' });
    const alvo = { chat, autor: chat, whatsapp_id: received.whatsapp_id };
    await write({ op: 'apagamento', sessao, alvo, apagada_em: '2026-11-21T10:00:00Z' }, received);
    expect(await message(received.id)).toMatchObject({
      conteudo: 'Mensagem apagada',
      dados: { conteudo_original: 'segredo' },
    });
  });

  test('each person has one reaction; null takes it away; none opens an atendimento', async () => {
    const group = aGroup();
    const [ana, bia] = [aPerson(), aPerson()];
    const received = aMessage(sessao, group, { autor: ana });
    const alvo = { chat: group, autor: ana, whatsapp_id: received.whatsapp_id };
    const react = (autor: Endereco | null, emoji: string | null) => {
      return { op: 'reacao' as const, sessao, alvo, autor, emoji, timestamp: '2026-11-21T10:00:00Z' };
    };
    const [, ...results] = await write(
      received,
      react(bia, '👍'),
      react(bia, '❤️'),
      react(null, '🙏'),
      react(ana, '😂'),
      react(ana, null),
    );
    expect(results.some((r) => r.atendimento_novo)).toBe(false);
    const reactions = (await message(received.id))?.['reacoes'] as { emoji: string }[];
    expect(reactions.map((r) => r.emoji)).toEqual(['❤️', '🙏']);
  });

  test('later facts are merged into dados, inner objects too', async () => {
    const chat = aPerson();
    const poll = aMessage(sessao, chat, { dados: { enquete: 'Pizza?' } });
    const alvo = { chat, autor: chat, whatsapp_id: poll.whatsapp_id };
    await write(
      poll,
      { op: 'dados', sessao, alvo, dados: { votos: { ana: ['sim'] } } },
      { op: 'dados', sessao, alvo, dados: { votos: { bia: ['não'] } } },
    );
    expect(await message(poll.id)).toMatchObject({
      dados: { enquete: 'Pizza?', votos: { ana: ['sim'], bia: ['não'] } },
    });
  });
});

describe('read marks', () => {
  test('by id: those are read and counted down; the unknown ones wait', async () => {
    const chat = aPerson();
    const [one, two, late] = [aMessage(sessao, chat), aMessage(sessao, chat), aMessage(sessao, chat)];
    const [opened] = await write(one, two);
    await write({ op: 'leitura', sessao, chat, whatsapp_ids: [one.whatsapp_id, late.whatsapp_id] });
    expect(await naoLidas(opened?.atendimento_id)).toBe(1);
    await write(late);
    expect(await message(late.id)).toMatchObject({ lida: true });
    expect(await naoLidas(opened?.atendimento_id)).toBe(1);
  });

  test('by time: everything of the chat up to it', async () => {
    const chat = aPerson();
    const [opened] = await write(
      aMessage(sessao, chat, { timestamp: '2026-11-21T10:00:00Z' }),
      aMessage(sessao, chat, { timestamp: '2026-11-21T11:00:00Z' }),
      aMessage(sessao, chat, { timestamp: '2026-11-21T12:00:00Z' }),
    );
    const read = { op: 'leitura' as const, sessao, chat, ate: '2026-11-21T11:00:00Z' };
    expect((await write(read, read)).map((r) => r.resultado)).toEqual(['atualizada', 'ignorada']);
    expect(await naoLidas(opened?.atendimento_id)).toBe(1);
  });
});

describe('the session', () => {
  test('is created by its first event and changed by later ones, given fields only', async () => {
    const session = aSession({ nome: 'Vendas' });
    const [created, changed] = await write(session, {
      op: 'sessao',
      sessao: session.sessao,
      status: 'connected',
      estado: 'ready',
      configuracao: { ignorarGrupos: true },
    });
    expect([created?.resultado, changed?.resultado]).toEqual(['inserida', 'atualizada']);
    expect(await db.service.findSessao(session.sessao)).toMatchObject({
      id: session.id,
      owner_id: session.owner_id,
      nome: 'Vendas',
      status: 'connected',
      configuracao: { ignorarGrupos: true },
    });
  });

  test("a name that another owner takes over gets a row of its own; the old owner's rows stay", async () => {
    const session = aSession();
    const customer = aPerson();
    const before = (await write(session, aMessage(session.sessao, customer)))[1];
    const taken = { ...session, id: randomUUID(), owner_id: randomUUID() };
    const after = (await write(taken, aMessage(session.sessao, customer)))[1];
    expect(await db.service.findSessao(session.sessao)).toMatchObject({ id: taken.id, owner_id: taken.owner_id });
    expect(after?.atendimento_id).not.toBe(before?.atendimento_id);
  });

  test('an unknown op is refused for good', async () => {
    await expect(write({ op: 'dança', sessao } as unknown as Evento)).rejects.toMatchObject({ retryClass: 'dead' });
  });
});
