import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { PollCounter } from '../../src/inbound/poll-counter.js';
import { systemClock } from '../../src/lib/clock.js';
import { silentLog } from '../../src/lib/log.js';
import type { Endereco, Evento, EventoContato } from '../../src/supabase/evento.js';
import { PollTable } from '../../src/supabase/polls.js';
import { aTestDatabase, type TestDatabase } from '../support/database.js';
import { aGroup, aMessage, aPerson, aSession } from '../support/eventos.js';
import { until } from '../support/until.js';
import { sealVote } from '../support/votes.js';

let db: TestDatabase;
let counter: PollCounter;
const session = aSession();
const { sessao } = session;

beforeAll(async () => {
  db = await aTestDatabase();
  await db.service.registrarEventos([session]);
  counter = new PollCounter({ polls: new PollTable(db.service), clock: systemClock, log: silentLog });
  counter.start();
});
afterAll(async () => {
  await counter?.stop();
  await db?.close();
});

async function write(...eventos: Evento[]) {
  const results = await db.service.registrarEventos(eventos);
  counter.written(eventos);
  return results;
}

interface Found {
  conteudo: string;
  status: string;
  dados: Record<string, never> | null;
  reacoes: Record<string, unknown>[] | null;
}
async function rowOf(id: string): Promise<Found> {
  const [row] = await db.sql<Found[]>`select conteudo, status, dados, reacoes from whatsapp_mensagens where id = ${id}`;
  return row!;
}

/** Somebody under their number alone, under their LID alone, and what tells that both are one. */
function someone() {
  const both = aPerson();
  const byNumber: Endereco = { ...both, jid: both.pn!, lid: null };
  const byLid: Endereco = { ...both, jid: both.lid!, pn: null };
  const number = both.pn!.split('@')[0]!;
  const mapping: EventoContato = { op: 'contato', sessao, contato: { ...both, jid: both.pn! } };
  return { both, byNumber, byLid, number, lid: both.lid!, mapping };
}

/** When the database learns that the two addresses are one person. */
const WHEN = ['before', 'after'] as const;

describe.each(WHEN)('somebody under a number and a LID, learnt %s', (when) => {
  const learnt = (who: ReturnType<typeof someone>, ...eventos: Evento[]) =>
    when === 'before' ? write(who.mapping, ...eventos) : write(...eventos).then(() => write(who.mapping));

  test('has one vote in a poll, the last one, shown as number', async () => {
    const who = someone();
    const group = aGroup();
    const secret = randomBytes(32);
    const poll = aMessage(sessao, group, {
      autor: null,
      subtipo: 'ENQUETE',
      dados: {
        messageSecret: secret.toString('base64'),
        enquete: { pergunta: '?', opcoes: ['Sim', 'Não'], maximo: 1 },
      },
    });
    const vote = (voter: Endereco, option: string, second: number): Evento => {
      const sealed = sealVote([option], { id: poll.whatsapp_id, secret, creator: session.lid! }, voter.jid);
      const em = `2026-11-22T10:00:0${second}.000Z`;
      return {
        op: 'dados',
        sessao,
        alvo: { chat: group, autor: null, whatsapp_id: poll.whatsapp_id },
        dados: { [`voto:${second}`]: { autor: voter.jid, em, ...sealed }, votosPendentes: true },
        autor: voter,
      };
    };
    await learnt(who, poll, vote(who.byNumber, 'Sim', 1), vote(who.byLid, 'Não', 2));
    const counted = async () => {
      const { dados } = await rowOf(poll.id);
      const { votos } = (dados as { enquete: { votos?: { votos: number }[] } } | null)!.enquete;
      const total = votos?.reduce((sum, option) => sum + option.votos, 0);
      return total === 1 && !JSON.stringify(votos).includes(who.lid) ? votos : null;
    };
    expect(await until('one vote', counted)).toEqual([
      { opcao: 'Sim', votos: 0, eleitores: [] },
      { opcao: 'Não', votos: 1, eleitores: [who.number] },
    ]);
  });

  test('has one reaction to a message, the last one, in groups and in private chats', async () => {
    for (const chat of [aGroup(), aPerson()]) {
      const who = someone();
      const row = aMessage(sessao, chat, { autor: null });
      const react = (autor: Endereco, emoji: string, second: number): Evento => ({
        op: 'reacao',
        sessao,
        alvo: { chat, autor: null, whatsapp_id: row.whatsapp_id },
        autor,
        emoji,
        timestamp: `2026-11-22T10:00:0${second}Z`,
      });
      await learnt(who, row, react(who.byNumber, '👍', 1), react(who.byLid, '🎉', 2));
      const { reacoes } = await rowOf(row.id);
      expect(reacoes).toEqual([expect.objectContaining({ emoji: '🎉', numero: who.number })]);
      await write({ ...react(who.byNumber, '', 3), emoji: null } as Evento);
      expect((await rowOf(row.id)).reacoes).toBeNull();
    }
  });

  test('is one participant of a group who has got and read a message', async () => {
    const [who, other] = [someone(), aPerson()];
    const group = aGroup();
    const row = aMessage(sessao, group, { autor: null });
    const base = { op: 'status', sessao, chat: group, whatsapp_id: row.whatsapp_id } as const;
    const sent: Evento = {
      ...{ ...base, status: 'ENVIADA', timestamp: '2026-11-22T10:00:00Z' },
      destinatarios: [
        { pn: null, lid: who.lid },
        { pn: other.pn, lid: other.lid },
      ],
    };
    const receipt = (participante: Endereco, status: 'ENTREGUE' | 'LIDA', second: number): Evento => ({
      ...{ ...base, status, participante, timestamp: `2026-11-22T10:00:0${second}Z` },
    });
    await learnt(
      who,
      row,
      sent,
      receipt(who.byLid, 'ENTREGUE', 1),
      receipt(other, 'ENTREGUE', 2),
      receipt(who.byNumber, 'LIDA', 3),
    );
    const { dados, status } = await rowOf(row.id);
    expect(dados).toMatchObject({
      destinatarios: 2,
      participantes: {
        [who.number]: { lid: who.lid, entregue: '2026-11-22T10:00:01Z', lido: '2026-11-22T10:00:03Z' },
      },
    });
    expect(Object.keys(dados!['participantes']!)).toHaveLength(2);
    expect(status).toBe('ENTREGUE');
  });

  test('is shown as number in mentions, in the text around them, and as author of what is quoted', async () => {
    const who = someone();
    const digits = who.lid.split('@')[0]!;
    const row = aMessage(sessao, aGroup(), {
      autor: aPerson(),
      conteudo: `@${digits} veja, @${digits}9 não; de novo @${digits}`,
      dados: {
        mencoes: [who.lid, who.both.pn!],
        citacao: { autor: who.lid, conteudo: `fala @${digits}`, mencoes: [who.lid] },
      },
    });
    await learnt(who, row);
    expect(await rowOf(row.id)).toMatchObject({
      conteudo: `@${who.number} veja, @${digits}9 não; de novo @${who.number}`,
      dados: {
        mencoes: [who.number],
        citacao: { autor: who.number, conteudo: `fala @${who.number}`, mencoes: [who.number] },
      },
    });
  });

  test('has one answer to an event, the last one', async () => {
    const who = someone();
    const group = aGroup();
    const row = aMessage(sessao, group, { subtipo: 'EVENTO', dados: { evento: { nome: 'Reunião' } } });
    const answer = (key: string, resposta: string, second: number): Evento => ({
      op: 'dados',
      sessao,
      alvo: { chat: group, autor: group, whatsapp_id: row.whatsapp_id },
      dados: { evento: { respostas: { [key]: { resposta, em: `2026-11-22T10:00:0${second}Z` } } } },
    });
    await learnt(who, row, answer(who.both.pn!, 'TALVEZ', 2), answer(who.lid, 'VAI', 1), answer(who.lid, 'NAO_VAI', 3));
    expect((await rowOf(row.id)).dados).toEqual({
      evento: { nome: 'Reunião', respostas: { [who.number]: { resposta: 'NAO_VAI', em: '2026-11-22T10:00:03Z' } } },
    });
  });

  test('is one participant of a call that many were in, and of a change of a group', async () => {
    const who = someone();
    const call = aMessage(sessao, aGroup(), { dados: { chamada: { participantes: [who.lid, who.both.pn!] } } });
    const party = { jid: who.lid, pn: null, lid: who.lid, eu: false };
    const notice = aMessage(sessao, aGroup(), { dados: { aviso: { acao: 'add', participantes: [party] } } });
    await learnt(who, call, notice);
    expect((await rowOf(call.id)).dados).toEqual({ chamada: { participantes: [who.number] } });
    expect((await rowOf(notice.id)).dados).toEqual({
      aviso: { acao: 'add', participantes: [{ ...party, pn: who.both.pn }] },
    });
  });
});

test("a voter's two addresses that come with the vote are learnt from it", async () => {
  const who = someone();
  const group = aGroup();
  const row = aMessage(sessao, group, { dados: { mencoes: [who.lid] } });
  const alvo = { chat: group, autor: group, whatsapp_id: row.whatsapp_id };
  await write(row, { op: 'dados', sessao, alvo, dados: { fixada: true }, autor: who.both });
  expect((await rowOf(row.id)).dados).toMatchObject({ mencoes: [who.number] });
});

test('a LID that nobody knows stays readable, and shapes that nobody expects are passed over', async () => {
  const odd = [
    { mencoes: 'texto', citacao: 'x', enquete: { votos: 3 }, evento: { respostas: [] }, aviso: null, chamada: [] },
    { mencoes: [1, null, {}, 'texto'], citacao: { autor: {} }, participantes: [] },
  ];
  for (const dados of odd) {
    const row = aMessage(sessao, aGroup(), { dados });
    await write(row);
    expect((await rowOf(row.id)).dados).toEqual(dados);
  }
  const unknown = aMessage(sessao, aGroup(), { dados: { mencoes: ['999000111@lid'] } });
  await write(unknown);
  expect((await rowOf(unknown.id)).dados).toEqual({ mencoes: ['999000111@lid'] });
});

test('the number is learnt per connection: what another one knows is not told', async () => {
  const other = aSession({ numero: '5511900000001', lid: '900000001@lid' });
  const who = someone();
  const row = aMessage(other.sessao, aGroup(), { dados: { mencoes: [who.lid] } });
  await write(other, row, who.mapping);
  expect((await rowOf(row.id)).dados).toEqual({ mencoes: [who.lid] });
});
