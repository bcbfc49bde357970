import { proto } from '@whiskeysockets/baileys';

/** What may be sent: a text, or any message of WhatsApp's protobuf. */
export type Content = string | proto.IMessage;

export const asMessage = (content: Content): proto.IMessage =>
  typeof content === 'string' ? { conversation: content } : content;

/** The readable text of a message, captions included; null when it has none. */
export function textOf(message: proto.IMessage): string | null {
  const { conversation, extendedTextMessage, imageMessage, videoMessage, documentMessage, reactionMessage } = message;
  const edited = message.protocolMessage?.editedMessage;
  const text = conversation ?? extendedTextMessage?.text ?? imageMessage?.caption ?? videoMessage?.caption;
  return text ?? documentMessage?.caption ?? reactionMessage?.text ?? (edited ? textOf(edited) : null);
}

const MEDIA: readonly [keyof proto.IMessage, string][] = [
  ['imageMessage', 'image'],
  ['videoMessage', 'video'],
  ['audioMessage', 'audio'],
  ['documentMessage', 'document'],
  ['stickerMessage', 'sticker'],
  ['contactMessage', 'vcard'],
  ['contactsArrayMessage', 'contact_array'],
  ['liveLocationMessage', 'livelocation'],
];

/** The `mediatype` attribute of `<enc>`; undefined for what is no media. */
export function mediaType(message: proto.IMessage): string | undefined {
  if (message.audioMessage?.ptt) return 'ptt';
  return MEDIA.find(([field]) => message[field] != null)?.[1];
}

/** The `type` and `edit` attributes of `<message>`, as Baileys' messages-send.js sets them. */
export function stanzaKind(message: proto.IMessage): { type: string; edit?: string } {
  const { EDIT, REVOKE } = { EDIT: '1', REVOKE: '7' };
  const { Type } = proto.Message.ProtocolMessage;
  if (message.protocolMessage?.type === Type.MESSAGE_EDIT) return { type: 'text', edit: EDIT };
  if (message.protocolMessage?.type === Type.REVOKE) return { type: 'text', edit: REVOKE };
  if (message.secretEncryptedMessage) return { type: 'text', edit: EDIT };
  if (message.reactionMessage ?? message.encReactionMessage) return { type: 'reaction' };
  if (message.pollCreationMessageV3 ?? message.pollCreationMessage ?? message.pollUpdateMessage)
    return { type: 'poll' };
  return { type: mediaType(message) === undefined ? 'text' : 'media' };
}
