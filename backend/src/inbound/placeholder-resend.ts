import { proto, type WAMessage } from '@whiskeysockets/baileys';
import type { Evento } from '../supabase/evento.js';
import { chatFromJid } from './addresses.js';
import { isLeftOut, type DecodeOptions } from './decode-options.js';
import type { MessageContext } from './message-context.js';
import { messageEvents } from './message-events.js';
import { chatKind } from './stanza-addresses.js';
import { contextOfInfo, secretOfInfo } from './web-message-context.js';

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
  const context = contextOfInfo(info, chatFromJid(key.remoteJid, [], peer.me), peer);
  return messageEvents(info.message, context, { ...secretOfInfo(info), reenviada: true });
}
