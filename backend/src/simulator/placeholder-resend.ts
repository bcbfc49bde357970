import { proto } from '@whiskeysockets/baileys';
import type { Directory } from './directory.js';

/** A companion got a stanza without ciphertext and asks its own phone for the content. @returns the phone's answer,
 *  null when it has none of the messages or is asked for something else. */
export function placeholderAnswer(
  directory: Directory,
  stanzaId: string,
  request: proto.Message.IPeerDataOperationRequestMessage,
): proto.IMessage | null {
  const asked = request.placeholderMessageResendRequest ?? [];
  const peerDataOperationResult = asked.flatMap(({ messageKey: key }) => {
    const author = directory.find(key?.participant ?? key?.remoteJid ?? '')?.author;
    const message = author?.original(key?.id ?? '');
    if (!key || !message) return [];
    const webMessageInfoBytes = proto.WebMessageInfo.encode({ key, message }).finish();
    return [{ placeholderMessageResendResponse: { webMessageInfoBytes } }];
  });
  if (peerDataOperationResult.length === 0) return null;
  return {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND,
        stanzaId,
        peerDataOperationResult,
      },
    },
  };
}
