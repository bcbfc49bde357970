import type { proto } from '@whiskeysockets/baileys';
import type { Evento, EventoMensagem } from '../supabase/evento.js';
import type { ContentRow, Facts } from './content/handler.js';
import { describe, describeOpened, openMessage, unknownRow } from './describe.js';
import { isMe, ownNumber } from './addresses.js';
import type { MessageContext } from './message-context.js';
import { numberOf, withNumbers, type NumberOf } from './show-numbers.js';

/**
 * What a readable message means for the database: a row, a change of another row, or nothing.
 * @param facts more for the row's `dados`
 */
export function messageEvents(message: proto.IMessage, context: MessageContext, facts: Facts = {}): Evento[] {
  const opened = openMessage(message);
  const { field, value, handler } = opened;
  if (handler?.as === 'nothing') return [];
  if (handler?.as === 'action') {
    const events = handler.events(value, context, describe);
    return events ?? [rowEvent(context, unknownRow(field, value, { ...opened.facts, ...facts }))];
  }
  const { row, respostaA } = describeOpened(opened);
  return [withNumbers(rowEvent(context, row, respostaA, { ...facts, ...mentionsUs(row, context) }), knownIn(context))];
}

/** Whether a message of somebody else names this number: by either address, or as one of everybody. */
function mentionsUs({ dados }: ContentRow, { autor, chat, me }: MessageContext): Facts {
  if (autor === null || !dados) return {};
  const { mencoes, mencoesGrupo, mencaoATodos } = dados as Mentions;
  const byName = me !== null && (mencoes?.some((jid) => isMe(jid, me)) ?? false);
  const asGroup = mencoesGrupo?.some(({ jid }) => jid === chat.jid) ?? false;
  return byName || asGroup || mencaoATodos ? { mencionaNos: true } : {};
}

interface Mentions {
  mencoes?: string[];
  mencoesGrupo?: { jid?: string }[];
  mencaoATodos?: true;
}

/** Numbers of those whom the message itself tells of: its author, its chat and this number. */
function knownIn({ autor, chat, me }: MessageContext): NumberOf {
  return (jid) => {
    const known = [chat, autor].find((party) => party?.lid === jid || party?.pn === jid);
    if (known) return numberOf(known);
    return me !== null && isMe(jid, me) ? ownNumber(me) : null;
  };
}

/** The row itself. */
export function rowEvent(
  context: MessageContext,
  row: ContentRow,
  respostaA: string | null = null,
  facts: Facts = {},
): EventoMensagem {
  const dados = Object.assign(row.dados ?? {}, facts);
  const event: EventoMensagem = {
    op: 'mensagem',
    sessao: context.sessao,
    id: context.rowId(),
    chat: context.chat,
    autor: context.autor,
    remetente_jid: context.remetenteJid,
    whatsapp_id: context.whatsappId,
    ordem: context.ordem,
    numero_proprio: context.numeroProprio === undefined ? ownNumber(context.me) : context.numeroProprio,
    timestamp: context.timestamp,
    remetente: context.remetente,
    tipo: row.tipo,
    subtipo: row.subtipo,
    conteudo: row.conteudo,
    status: context.status,
    resposta_a: respostaA,
    dados: Object.keys(dados).length > 0 ? dados : null,
  };
  if (row.midia_tipo !== undefined) event.midia_tipo = row.midia_tipo;
  if (row.midia_nome !== undefined) event.midia_nome = row.midia_nome;
  if (row.midia_tamanho !== undefined) event.midia_tamanho = row.midia_tamanho;
  return event;
}
