import { proto, type WAMessage } from '@whiskeysockets/baileys';
import type { Evento } from '../supabase/evento.js';
import { chatFromJid, crowd, isMe, person } from './addresses.js';
import { isoFromSeconds } from './content/proto-values.js';
import { isLeftOut, type DecodeOptions } from './decode-options.js';
import type { MessageContext } from './message-context.js';
import { messageEvents } from './message-events.js';
import { rowId } from './row-id.js';
import { chatKind } from './stanza-addresses.js';

const { Type } = proto.Message.ProtocolMessage;

/**
 * Contents that our own phone hands in later, for messages that could not be read here: Baileys asks for them after a
 * failed decryption (`requestPlaceholderResend`), which is how the first message of an ad's lead often comes.
 * Everything else of category `peer` speaks to devices and means no row.
 */
export function resentMessages(message: WAMessage, context: MessageContext, options: DecodeOptions): Evento[] {
  const protocol = message.message?.protocolMessage;
  const isAnswer = protocol?.type === Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE;
  // Only our own phone may speak for others.
  if (!isAnswer || context.autor !== null) return [];
  const results = protocol.peerDataOperationRequestResponseMessage?.peerDataOperationResult ?? [];
  return results.flatMap(({ placeholderMessageResendResponse }) => {
    const bytes = placeholderMessageResendResponse?.webMessageInfoBytes;
    return bytes ? resent(proto.WebMessageInfo.decode(bytes), context, options) : [];
  });
}

function resent(info: proto.IWebMessageInfo, peer: MessageContext, options: DecodeOptions): Evento[] {
  const { key } = info;
  if (!key?.id || !key.remoteJid || !info.message || isLeftOut(chatKind(key.remoteJid), options)) return [];
  const context = contextOf(info, key.remoteJid, key.id, peer);
  return messageEvents(info.message, context, { reenviada: true });
}

function contextOf(info: proto.IWebMessageInfo, chatJid: string, id: string, peer: MessageContext): MessageContext {
  const chat = chatFromJid(chatJid, [], peer.me);
  const autor = authorOf(info, chatJid, peer);
  const ours = autor === null;
  return {
    ...peer,
    rowId: () => rowId(peer.sessao, chat.jid, autor?.jid ?? 'eu', id),
    chat: chat.tipo === 'grupo' || ours ? chat : autor,
    autor,
    whatsappId: id,
    remetenteJid: info.key?.participant || chatJid,
    timestamp: isoFromSeconds(info.messageTimestamp) ?? peer.timestamp,
    remetente: ours ? 'ATENDENTE' : 'CLIENTE',
    status: ours ? 'ENVIADA' : 'RECEBIDA',
  };
}

/** null = this number. */
function authorOf(info: proto.IWebMessageInfo, chatJid: string, peer: MessageContext) {
  const { key } = info;
  const participant = key?.participant || info.participant;
  if (key?.fromMe || (participant && peer.me && isMe(participant, peer.me))) return null;
  if (chatKind(chatJid) === 'privado') return person(chatJid, [], info.pushName);
  return participant ? person(participant, [], info.pushName) : crowd(chatJid);
}
