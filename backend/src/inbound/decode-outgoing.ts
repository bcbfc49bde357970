import { proto } from '@whiskeysockets/baileys';
import type { OutcomeEntry, OutgoingEntry } from '../journal/records.js';
import type { Endereco, Evento } from '../supabase/evento.js';
import { chatFromJid, ownNumber, plainJid } from './addresses.js';
import { isoFromMs } from './content/proto-values.js';
import { messageEvents } from './message-events.js';

/** A message accepted for sending → its row, `PENDENTE`, under the id that the caller was told. */
export function decodeOutgoing(entry: OutgoingEntry): Evento[] {
  const message = proto.Message.decode(entry.message);
  return messageEvents(message, {
    sessao: entry.connectionId,
    ordem: entry.seq,
    rowId: () => entry.rowId,
    chat: chatOf(entry),
    autor: null,
    me: null,
    numeroProprio: entry.remetenteJid ? ownNumber({ id: entry.remetenteJid, lid: null }) : null,
    whatsappId: entry.whatsappId,
    remetenteJid: entry.remetenteJid ? plainJid(entry.remetenteJid) : '',
    timestamp: new Date(entry.at).toISOString(),
    remetente: entry.remetente,
    status: 'PENDENTE',
    // Deleting what somebody else wrote is an admin's right, and WhatsApp has granted it.
    edit: message.protocolMessage?.key?.fromMe === false ? '8' : undefined,
  });
}

/** The server's answer to a send → `ENVIADA` at the server's time, or `ERRO` with the code. */
export function decodeOutcome(entry: OutcomeEntry): Evento[] {
  const accepted = entry.error === null;
  return [
    {
      op: 'status',
      sessao: entry.connectionId,
      chat: chatOf(entry),
      whatsapp_id: entry.whatsappId,
      status: accepted ? 'ENVIADA' : 'ERRO',
      erro: entry.error,
      timestamp: isoFromMs(entry.serverTime) ?? new Date(entry.at).toISOString(),
      participante: null,
      ...(entry.members && { destinatarios: entry.members }),
    },
  ];
}

function chatOf(entry: OutgoingEntry | OutcomeEntry): Endereco {
  return chatFromJid(entry.chatJid, [entry.pn, entry.lid], null);
}
