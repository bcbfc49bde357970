import { proto } from '@whiskeysockets/baileys';
import type { HistoryEntry } from '../journal/records.js';
import type { Evento, StatusMensagem } from '../supabase/evento.js';
import { chatFromJid } from './addresses.js';
import { isLeftOut, type DecodeOptions } from './decode-options.js';
import type { MessageContext } from './message-context.js';
import { messageEvents } from './message-events.js';
import { chatKind } from './stanza-addresses.js';
import { contextOfInfo, secretOfInfo } from './web-message-context.js';

const { Status } = proto.WebMessageInfo;

/** How far a message of ours had come when the phone told. */
const OWN_STATUS: Partial<Record<proto.WebMessageInfo.Status, StatusMensagem>> = {
  [Status.DELIVERY_ACK]: 'ENTREGUE',
  [Status.READ]: 'LIDA',
  [Status.PLAYED]: 'REPRODUZIDA',
};

/**
 * A message of before → its row, marked as history unless it was missed: it opens no atendimento, counts as read, and its
 * file is fetched when somebody asks for it. What has no content (a notice of a group, a call) is no row.
 */
export function decodeHistory(entry: HistoryEntry, options: DecodeOptions): Evento[] {
  const info = proto.WebMessageInfo.decode(entry.info);
  const { jid, pn, lid, nome } = entry.chat;
  if (!info.key?.id || !info.message || isLeftOut(chatKind(jid), options)) return [];
  const chat = { ...chatFromJid(jid, [pn, lid], entry.me), ...(nome && { nome }) };
  const context = contextOfInfo(info, chat, baseOf(entry));
  const status = (context.autor === null && OWN_STATUS[info.status ?? Status.ERROR]) || context.status;
  const facts = { ...secretOfInfo(info), ...(entry.missed && { recuperada: true }) };
  const events = messageEvents(info.message, { ...context, status }, facts);
  return events.map((event) => (event.op === 'mensagem' && !entry.missed ? { ...event, historico: true } : event));
}

/** What the phone's record does not say. */
function baseOf({ connectionId, seq, me, at, chat }: HistoryEntry): MessageContext {
  const own = chatFromJid(me.id, [], me);
  return {
    ...{ sessao: connectionId, ordem: seq, rowId: () => '', chat: own, autor: null, me, whatsappId: '' },
    ...{ remetenteJid: chat.jid, timestamp: new Date(at).toISOString(), remetente: 'CLIENTE', status: 'RECEBIDA' },
  };
}
