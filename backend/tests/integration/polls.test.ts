import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { PollCounter } from '../../src/inbound/poll-counter.js';
import { systemClock } from '../../src/lib/clock.js';
import { silentLog } from '../../src/lib/log.js';
import type { Endereco, EventoDados } from '../../src/supabase/evento.js';
import { PollTable } from '../../src/supabase/polls.js';
import { aTestDatabase, type TestDatabase } from '../support/database.js';
import { aGroup, aMessage, aPerson, aSession } from '../support/eventos.js';
import { until } from '../support/until.js';
import { sealVote } from '../support/votes.js';

let db: TestDatabase;
let counter: PollCounter;
const session = aSession();
const OPTIONS = ['Sim', 'Não', 'Talvez 🤔'];
const group = aGroup();

beforeAll(async () => {
  db = await aTestDatabase();
  await db.service.registrarEventos([session]);
  counter = new PollCounter({ polls: new PollTable(db.service), clock: systemClock, log: silentLog });
  counter.start();
});
afterAll(async () => {
  await counter?.stop();
  await counter?.stop();
  await db?.close();
});

let votes = 0;

function aPoll(creator: Endereco | null, secret = randomBytes(32)) {
  const row = aMessage(session.sessao, group, {
    autor: creator,
    subtipo: 'ENQUETE',
    dados: { messageSecret: secret.toString('base64'), enquete: { pergunta: '?', opcoes: OPTIONS, maximo: 1 } },
  });
  const vote = (voter: Endereco, options: string[], sealedFor: { creator?: string; voter?: string } = {}) => {
    const poll = { id: row.whatsapp_id, secret, creator: sealedFor.creator ?? creator?.jid ?? session.lid! };
    const em = new Date(Date.UTC(2026, 10, 22) + ++votes).toISOString();
    const sealed = { autor: voter.jid, em, ...sealVote(options, poll, sealedFor.voter ?? voter.jid) };
    return {
      op: 'dados',
      sessao: session.sessao,
      alvo: { chat: group, autor: creator, whatsapp_id: row.whatsapp_id },
      dados: { [`voto:V${votes}`]: sealed, votosPendentes: true },
    } satisfies EventoDados;
  };
  const counted = async (expected: number[]) => {
    const look = async () => {
      const [found] = await db.sql`select dados from whatsapp_mensagens where id = ${row.id}`;
      const dados = found?.['dados'] as { votosPendentes?: true; enquete: { votos?: { votos: number }[] } } | undefined;
      return !dados?.votosPendentes && dados?.enquete.votos ? dados.enquete : null;
    };
    const enquete = await until('the count', look);
    expect(enquete.votos!.map(({ votos: n }) => n)).toEqual(expected);
    return enquete;
  };
  return { row, vote, counted };
}

async function write(...eventos: Parameters<TestDatabase['service']['registrarEventos']>[0]) {
  const results = await db.service.registrarEventos(eventos);
  counter.written(eventos);
  return results;
}

test('votes are opened and counted by option; the last one of each voter counts, an empty one takes it back', async () => {
  const [ana, bia, caio] = [aPerson(), aPerson(), aPerson()];
  const poll = aPoll(ana);
  await write(poll.row, poll.vote(bia, ['Sim']), poll.vote(caio, ['Sim', 'Talvez 🤔']));
  await poll.counted([2, 0, 1]);
  await write(poll.vote(bia, ['Não']));
  expect(await poll.counted([1, 1, 1])).toMatchObject({
    pergunta: '?',
    votosIlegiveis: 0,
    votos: [{ opcao: 'Sim', eleitores: [caio.jid] }, { opcao: 'Não' }, { opcao: 'Talvez 🤔' }],
  });
  await write(poll.vote(caio, []));
  await poll.counted([0, 1, 0]);
});

test('a vote that comes before its poll waits for it', async () => {
  const [ana, bia] = [aPerson(), aPerson()];
  const poll = aPoll(ana);
  expect((await write(poll.vote(bia, ['Não'])))[0]).toMatchObject({ resultado: 'pendente' });
  await write(poll.row);
  await poll.counted([0, 1, 0]);
});

test('whichever of their addresses the two sides sealed it for, it is opened', async () => {
  const [ana, bia] = [aPerson(), aPerson()];
  const poll = aPoll(ana);
  await write(poll.row, aMessage(session.sessao, group, { autor: bia }));
  await write(poll.vote(bia, ['Sim'], { creator: ana.pn!, voter: bia.pn! }));
  await poll.counted([1, 0, 0]);
});

test('a poll of our own is counted, too', async () => {
  const bia = aPerson();
  const poll = aPoll(null);
  await write(poll.row, poll.vote(bia, ['Sim']));
  await poll.counted([1, 0, 0]);
  const other = aPoll(null);
  await write(other.row, other.vote(bia, ['Não'], { creator: `${session.numero}@s.whatsapp.net` }));
  await other.counted([0, 1, 0]);
});

test('a vote that cannot be opened is said, and holds nothing up', async () => {
  const [ana, bia] = [aPerson(), aPerson()];
  const poll = aPoll(ana);
  await write(poll.row, poll.vote(bia, ['Sim'], { voter: '5599999999999@s.whatsapp.net' }));
  expect(await poll.counted([0, 0, 0])).toMatchObject({ votosIlegiveis: 1 });
});

test('what waited while nobody counted is counted at the next start', async () => {
  const [ana, bia] = [aPerson(), aPerson()];
  const poll = aPoll(ana);
  await counter.stop();
  await db.service.registrarEventos([poll.row, poll.vote(bia, ['Sim'])]);
  counter.start();
  await poll.counted([1, 0, 0]);
});

test('every earlier text of a message is kept', async () => {
  const ana = aPerson();
  const row = aMessage(session.sessao, ana, { conteudo: 'um' });
  const alvo = { chat: ana, autor: ana, whatsapp_id: row.whatsapp_id };
  const base = { sessao: session.sessao, alvo };
  await write(
    row,
    { op: 'edicao', ...base, conteudo: 'dois', editada_em: '2026-11-22T10:00:00Z' },
    { op: 'edicao', ...base, conteudo: 'três', editada_em: '2026-11-22T10:01:00Z' },
    { op: 'apagamento', ...base, apagada_em: '2026-11-22T10:02:00Z' },
  );
  const [found] = await db.sql`select conteudo, dados from whatsapp_mensagens where id = ${row.id}`;
  expect(found).toMatchObject({
    conteudo: 'Mensagem apagada',
    dados: {
      conteudo_original: 'um',
      versoes: [
        { conteudo: 'um', ate: '2026-11-22T10:00:00Z' },
        { conteudo: 'dois', ate: '2026-11-22T10:01:00Z' },
        { conteudo: 'três', ate: '2026-11-22T10:02:00Z' },
      ],
    },
  });
});

test('an edit that is told after a newer one, or after the deletion, changes nothing, and what it said is kept once', async () => {
  const ana = aPerson();
  const row = aMessage(session.sessao, ana, { conteudo: 'um' });
  const base = { sessao: session.sessao, alvo: { chat: ana, autor: ana, whatsapp_id: row.whatsapp_id } };
  const edit = (conteudo: string, minute: number) =>
    ({ op: 'edicao', ...base, conteudo, editada_em: `2026-11-22T10:0${minute}:00Z` }) as const;
  await write(row, edit('três', 3), edit('dois', 2), edit('dois', 2), edit('três', 3));
  await write({ op: 'apagamento', ...base, apagada_em: '2026-11-22T10:09:00Z' }, edit('quatro', 4), edit('quatro', 4));
  const [found] = await db.sql`select conteudo, dados from whatsapp_mensagens where id = ${row.id}`;
  expect(found!['conteudo']).toBe('Mensagem apagada');
  const { versoes } = found!['dados'] as { versoes: { conteudo: string }[] };
  expect(versoes.map(({ conteudo }) => conteudo)).toEqual(['um', 'dois', 'três', 'quatro']);
});
