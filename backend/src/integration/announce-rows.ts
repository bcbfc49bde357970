import { originalMessage } from '../inbound/original-message.js';
import type { CallEntry, LogEntry } from '../journal/records.js';
import type { NewEvent, Parties } from '../journal/webhooks/records.js';
import { eventId } from '../notifications/webhooks/event-id.js';
import type {
  GroupUpdateData,
  TargetData,
  WebhookEventData,
  WebhookEventType,
} from '../notifications/webhooks/webhook-events.js';
import type {
  Alvo,
  Evento,
  EventoDados,
  EventoMensagem,
  EventoMidia,
  EventoSessao,
  ResultadoEvento,
} from '../supabase/evento.js';
import { party } from './party.js';
import { callFact } from './call-fact.js';
import { publicDados } from './public-dados.js';

/** An entry of the log that has become rows. */
export interface Projected {
  entry: LogEntry;
  eventos: Evento[];
  resultados: ResultadoEvento[];
}

/** An event before it knows whose it is and when it was. */
type Fact = { [T in WebhookEventType]: { id: string; type: T; data: WebhookEventData[T] } }[WebhookEventType];

/**
 * What webhooks and WebSockets are told about an entry. Depends on the entry alone but for the ids of rows: projected a
 * second time (the answer was lost, the process died) it gives the same events under the same ids. Only merges come from
 * the database's answer.
 * @param originals whether messages come with WhatsApp's own fields, for webhooks whose format has them
 */
export function announceRows(
  { entry, eventos, resultados }: Projected,
  partiesOf: (connectionId: string) => Parties,
  originals = false,
): NewEvent[] {
  const known = partiesOf(entry.connectionId);
  const calls: NewEvent[] = entry.kind === 'call' ? [{ ...callNews(entry), ...known, expiresAt: null }] : [];
  const rows = eventos.flatMap((evento, index) => {
    const resultado = resultados[index];
    const told = factsOf(evento, resultado, entry, `${entry.seq}.${index}`);
    const facts = [...(originals ? told.map((fact) => withOriginal(fact, entry)) : told), ...mergesOf(resultado)];
    const parties = evento.op === 'sessao' ? partiesOfSession(evento, known) : known;
    return facts.map((fact) => ({
      ...fact,
      ...{ connectionId: evento.sessao, ...parties, at: entry.at, expiresAt: null },
    }));
  });
  return [...calls, ...rows];
}

function withOriginal(fact: Fact, entry: LogEntry): Fact {
  if (fact.type !== 'messageReceived' && fact.type !== 'messageSent') return fact;
  return { ...fact, data: { ...fact.data, original: publicDados(originalMessage(entry)) } };
}

function callNews(entry: CallEntry) {
  const { connectionId, at, callId, status } = entry;
  const { connectionId: _, ...data } = callFact(entry);
  return { id: eventId('chamada', connectionId, callId, status), type: 'call' as const, data, connectionId, at };
}

/** A connection's own row says whose it is, also when the connection is gone by now. */
function partiesOfSession({ owner_id, company_id }: EventoSessao, known: Parties): Parties {
  return { ownerId: owner_id ?? known.ownerId, companyId: company_id ?? known.companyId };
}

function factsOf(evento: Evento, resultado: ResultadoEvento | undefined, entry: LogEntry, place: string): Fact[] {
  const { sessao } = evento;
  switch (evento.op) {
    case 'mensagem':
      if (evento.historico) return [];
      return [entry.kind === 'notification' ? groupFact(evento, resultado) : messageFact(evento, resultado, entry)];
    case 'sessao':
      return sessionFacts(evento, place);
    case 'contato':
      return [{ id: eventId('contato', sessao, place), type: 'contactUpdated', data: party(evento.contato) }];
    case 'status': {
      const { whatsapp_id: whatsappId, status, timestamp } = evento;
      const participante = evento.participante ? party(evento.participante) : null;
      const id = eventId('status', sessao, whatsappId, status, participante?.jid ?? null);
      const erro = evento.erro ?? null;
      const chat = party(evento.chat);
      return [{ id, type: 'messageStatus', data: { whatsappId, chat, status, erro, participante, timestamp } }];
    }
    case 'leitura': {
      const data = { chat: party(evento.chat), whatsappIds: evento.whatsapp_ids ?? null, ate: evento.ate ?? null };
      return [{ id: eventId('leitura', sessao, place), type: 'messageRead', data }];
    }
    case 'midia':
      return mediaFacts(evento, resultado, entry, place);
    case 'agendamento':
    case 'modelo':
      // A scheduled message is told of when it is a message.
      return [];
    case 'dados':
      return dataFacts(evento, resultado, place);
    default:
      return [changeFact(evento, resultado)];
  }
}

type Change = Exclude<Extract<Evento, { alvo: Alvo }>, EventoDados>;

/** Something happened to a message that was there. */
function changeFact(evento: Change, resultado: ResultadoEvento | undefined): Fact {
  const { sessao, alvo } = evento;
  const target = targetOf(alvo, resultado);
  const about = [sessao, alvo.chat.jid, alvo.whatsapp_id] as const;
  switch (evento.op) {
    case 'edicao': {
      const { conteudo, editada_em: editadaEm } = evento;
      const id = eventId('edicao', ...about, editadaEm, conteudo);
      return { id, type: 'messageEdited', data: { ...target, conteudo, editadaEm } };
    }
    case 'apagamento': {
      const id = eventId('apagamento', ...about);
      return { id, type: 'messageDeleted', data: { ...target, apagadaEm: evento.apagada_em } };
    }
    case 'reacao': {
      const { emoji, timestamp } = evento;
      const de = evento.autor && party(evento.autor);
      const id = eventId('reacao', ...about, de?.jid ?? null, emoji, timestamp);
      return { id, type: 'messageReaction', data: { ...target, de, emoji, timestamp } };
    }
  }
}

/** Later facts about a message; nothing when all of it is sealed. */
function dataFacts(
  { sessao, alvo, dados }: EventoDados,
  resultado: ResultadoEvento | undefined,
  place: string,
): Fact[] {
  const told = publicDados(dados);
  if (told === null) return [];
  const id = eventId('dados', sessao, alvo.chat.jid, alvo.whatsapp_id, place);
  return [{ id, type: 'messageUpdated', data: { ...targetOf(alvo, resultado), dados: told } }];
}

function mergesOf(resultado: ResultadoEvento | undefined): Fact[] {
  return (resultado?.unidos ?? []).map(({ de, para }) => ({
    ...{ id: eventId('uniao', de, para), type: 'atendimentoMerged', data: { de, para } },
  }));
}

function messageFact(evento: EventoMensagem, resultado: ResultadoEvento | undefined, entry: LogEntry): Fact {
  const inbound = evento.remetente === 'CLIENTE';
  const unreadable = evento.subtipo === 'INDECIFRAVEL';
  const { midia_tipo: tipo = null, midia_nome: nome = null, midia_tamanho: tamanho = null } = evento;
  return {
    // What could not be read is told, and told again when its content has come.
    id: eventId('mensagem', evento.sessao, evento.id, unreadable ? 'ilegivel' : null),
    type: inbound ? 'messageReceived' : 'messageSent',
    data: {
      mensagemId: resultado?.mensagem_id ?? evento.id,
      atendimentoId: resultado?.atendimento_id ?? null,
      contatoId: resultado?.contato_id ?? null,
      whatsappId: evento.whatsapp_id,
      chat: party(evento.chat),
      autor: evento.autor && party(evento.autor),
      remetente: evento.remetente,
      origem: inbound ? null : isByApi(entry) ? 'api' : 'telefone',
      tipo: evento.tipo,
      subtipo: evento.subtipo,
      conteudo: evento.conteudo,
      status: evento.status,
      respostaA: evento.resposta_a ?? null,
      midia: evento.tipo === 'TEXTO' ? null : { tipo, nome, tamanho },
      dados: publicDados(evento.dados),
      timestamp: evento.timestamp,
      ordem: evento.ordem,
    },
  };
}

/** Sent by our own API, or by that of the Evolution server on which the connection lives. */
function isByApi(entry: LogEntry): boolean {
  return entry.kind === 'outgoing' || (entry.kind === 'evolution' && entry.event === 'send.message');
}

/** A file that is asked for again is no news yet: its row only forgets why there was none. */
function mediaFacts(
  evento: EventoMidia,
  resultado: ResultadoEvento | undefined,
  entry: LogEntry,
  place: string,
): Fact[] {
  const { sessao, mensagem_id: mensagemId, midia_url: url, midia_tipo: tipo, midia_tamanho: tamanho, erro } = evento;
  const there = url !== null && tipo !== null && tamanho !== null;
  if (!there && erro === null) return [];
  const midia = there ? { url, tipo, nome: evento.midia_nome, tamanho } : null;
  const whatsappId = (entry.kind === 'media' ? entry.whatsappId : null) ?? null;
  const atendimentoId = resultado?.atendimento_id ?? null;
  const data = { mensagemId, atendimentoId, whatsappId, midia, erro };
  return [{ id: eventId('midia', sessao, mensagemId, place), type: 'messageMedia', data }];
}

/** What WhatsApp tells about a group is no message of anybody. */
function groupFact(evento: EventoMensagem, resultado: ResultadoEvento | undefined): Fact {
  const { acao = '', participantes = [], valor = null } = (evento.dados?.['aviso'] ?? {}) as Partial<GroupUpdateData>;
  return {
    id: eventId('grupo', evento.sessao, evento.id),
    type: 'groupUpdated',
    data: {
      mensagemId: resultado?.mensagem_id ?? evento.id,
      atendimentoId: resultado?.atendimento_id ?? null,
      whatsappId: evento.whatsapp_id,
      grupo: party(evento.chat),
      autor: evento.autor && party(evento.autor),
      ...{ acao, participantes, valor, conteudo: evento.conteudo, timestamp: evento.timestamp },
    },
  };
}

/** States of a connection that was ready and is not. */
const DOWN = new Set('reconnecting disconnected logged_out error conflict banned outdated passkey_required'.split(' '));

function sessionFacts(evento: EventoSessao, place: string): Fact[] {
  const { sessao, estado } = evento;
  if (estado === undefined) return [];
  const { status = '', motivo = null, numero = null, lid = null } = evento;
  const facts: Fact[] = [
    {
      id: eventId('estado', sessao, place),
      type: 'connectionState',
      data: { estado, status, motivo, numero, lid },
    },
  ];
  if (estado === 'ready') {
    const id = eventId('conectada', sessao, evento.connected_at ?? place);
    facts.push({ id, type: 'connected', data: { numero, lid } });
  }
  // One outage is one event, however many attempts to reconnect it takes.
  if (DOWN.has(estado) && evento.disconnected_at) {
    const id = eventId('desconectada', sessao, evento.disconnected_at);
    facts.push({ id, type: 'disconnected', data: { estado, motivo } });
  }
  return facts;
}

function targetOf({ chat, autor, whatsapp_id }: Alvo, resultado: ResultadoEvento | undefined): TargetData {
  return {
    mensagemId: resultado?.mensagem_id ?? null,
    atendimentoId: resultado?.atendimento_id ?? null,
    whatsappId: whatsapp_id,
    chat: party(chat),
    autor: autor && party(autor),
  };
}
