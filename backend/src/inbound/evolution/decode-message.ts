import type { EvolutionEntry } from '../../journal/records.js';
import type { Evento, StatusMensagem } from '../../supabase/evento.js';
import { isoFromSeconds, protoJson } from '../content/proto-values.js';
import { isLeftOut, type DecodeOptions } from '../decode-options.js';
import { unknownRow } from '../describe.js';
import type { MessageContext } from '../message-context.js';
import { messageEvents, rowEvent } from '../message-events.js';
import { rowId } from '../row-id.js';
import { keyAddresses, type KeyAddresses } from './key-addresses.js';
import { messageFromJson } from './message-json.js';
import type { WireMessage } from './wire.js';

/** How far a message of this number is when its event comes; what is not here was just sent. */
const OWN_STATUS: Record<string, StatusMensagem> = {
  ERROR: 'ERRO',
  DELIVERY_ACK: 'ENTREGUE',
  READ: 'LIDA',
  PLAYED: 'REPRODUZIDA',
};

/** A message that came or went over an Evolution server → its row, or the change of another row that it is. */
export function decodeMessage(entry: EvolutionEntry, item: WireMessage, options: DecodeOptions): Evento[] {
  const addresses = keyAddresses(item.key, entry.me, item.pushName);
  if (isLeftOut(addresses.kind, options)) return [];
  const context = contextOf(entry, item, addresses);
  try {
    return messageEvents(messageFromJson(item), context);
  } catch (error) {
    const erroDecodificacao = error instanceof Error ? error.message : String(error);
    // Kept whole for whoever can read it.
    return [rowEvent(context, unknownRow(null, null, { erroDecodificacao, evolution: protoJson(item.message) }))];
  }
}

function contextOf(entry: EvolutionEntry, item: WireMessage, addresses: KeyAddresses): MessageContext {
  const { connectionId: sessao, seq: ordem, me } = entry;
  const { chat, autor, remetenteJid } = addresses;
  const { id } = item.key;
  const ours = autor === null;
  return {
    ...{ sessao, ordem, me, chat, autor, remetenteJid },
    numeroProprio: entry.numero ?? null,
    // A file that came along was named before anything else was known: the row takes its name.
    rowId: () => entry.file ?? rowId(sessao, chat.jid, autor?.jid ?? 'eu', id),
    whatsappId: id,
    timestamp: isoFromSeconds(item.messageTimestamp) ?? new Date(entry.at).toISOString(),
    remetente: ours ? 'ATENDENTE' : 'CLIENTE',
    status: ours ? (OWN_STATUS[item.status ?? ''] ?? 'ENVIADA') : 'RECEBIDA',
    // An admin's deletion of what others wrote: the server has let it through.
    edit: '8',
  };
}
