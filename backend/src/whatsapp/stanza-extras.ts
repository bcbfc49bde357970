import { isJidGroup, proto, type BinaryNode } from '@whiskeysockets/baileys';

const { Type } = proto.Message.ProtocolMessage;

/**
 * What the `<message>` stanza must say of its content beside the ciphertext. Baileys adds it in `sendMessage`
 * (Socket/messages-send.js), but not in `relayMessage`, which we call: without it servers and phones drop edits,
 * deletions and polls.
 */
export function stanzaExtras(message: proto.IMessage): {
  additionalAttributes?: Record<string, string>;
  additionalNodes?: BinaryNode[];
} {
  const edit = editAttribute(message);
  if (edit !== null) return { additionalAttributes: { edit } };
  const isPoll = message.pollCreationMessage ?? message.pollCreationMessageV3;
  return isPoll ? { additionalNodes: [{ tag: 'meta', attrs: { polltype: 'creation' } }] } : {};
}

/** 1 edit, 7 deletion of an own message, 8 deletion by a group's admin; null for everything else. */
function editAttribute({ protocolMessage }: proto.IMessage): '1' | '7' | '8' | null {
  const { type, key } = protocolMessage ?? {};
  if (type === Type.MESSAGE_EDIT) return '1';
  if (type !== Type.REVOKE) return null;
  return isJidGroup(key?.remoteJid ?? undefined) && !key?.fromMe ? '8' : '7';
}
