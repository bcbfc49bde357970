import type { proto } from '@whiskeysockets/baileys';
import { visibleName } from '../lib/text.js';
import type { Endereco } from '../supabase/evento.js';
import { crowd, isMe, person } from './addresses.js';
import type { Facts } from './content/handler.js';
import { base64, compact, isoFromSeconds } from './content/proto-values.js';
import type { MessageContext } from './message-context.js';
import { rowId } from './row-id.js';
import { chatKind } from './stanza-addresses.js';

/** What the phone's own record of a message (`WebMessageInfo`, with a key) says beside its content.
 *  @param peer of the message that brought it */
export function contextOfInfo(info: proto.IWebMessageInfo, chat: Endereco, peer: MessageContext): MessageContext {
  const id = info.key?.id ?? '';
  const autor = authorOf(info, chat, peer);
  const ours = autor === null;
  return {
    ...peer,
    rowId: () => rowId(peer.sessao, chat.jid, autor?.jid ?? 'eu', id),
    chat: chat.tipo === 'grupo' || ours ? chat : autor,
    autor,
    whatsappId: id,
    remetenteJid: info.key?.participant || info.participant || chat.jid,
    timestamp: isoFromSeconds(info.messageTimestamp) ?? peer.timestamp,
    remetente: ours ? 'ATENDENTE' : 'CLIENTE',
    status: ours ? 'ENVIADA' : 'RECEBIDA',
  };
}

/** What edits and votes are sealed with; the phone's record may hold it beside the message instead of in it. */
export function secretOfInfo(info: proto.IWebMessageInfo): Facts {
  return info.message?.messageContextInfo?.messageSecret ? {} : compact({ messageSecret: base64(info.messageSecret) });
}

/** null = this number. */
function authorOf(info: proto.IWebMessageInfo, chat: Endereco, peer: MessageContext): Endereco | null {
  const { key, pushName } = info;
  const participant = key?.participant || info.participant;
  if (key?.fromMe || (participant && peer.me && isMe(participant, peer.me))) return null;
  if (chatKind(chat.jid) === 'privado')
    return { ...chat, ...(visibleName(pushName) !== null && { nome_perfil: pushName! }) };
  return participant ? person(participant, [], pushName) : crowd(chat.jid);
}
