import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { asMessage, type Content } from './message-shape.js';

/** The message that is changed, as the phone that seals the change knows it. */
export interface Original {
  id: string;
  /** `messageContextInfo.messageSecret`, 32 bytes. */
  secret: Uint8Array;
  /** Its author's address, as the phone takes it for the seal. */
  author: string;
}

/** The content with a secret of its own, as WhatsApp's apps give one to every message. */
export function withSecret(content: Content): proto.IMessage {
  return { ...asMessage(content), messageContextInfo: { messageSecret: randomBytes(32) } };
}

/** An edit as phones have sent most of them since 2026: sealed with the secret of the message. */
export function sealedEdit(original: Original, editor: string, words: string): proto.IMessage {
  const { Type } = proto.Message.ProtocolMessage;
  const targetMessageKey = { id: original.id, fromMe: true };
  const plain = proto.Message.encode({
    protocolMessage: {
      key: targetMessageKey,
      type: Type.MESSAGE_EDIT,
      editedMessage: { conversation: words },
      timestampMs: Date.now(),
    },
  }).finish();
  const { SecretEncType } = proto.Message.SecretEncryptedMessage;
  return {
    secretEncryptedMessage: {
      ...{ targetMessageKey, secretEncType: SecretEncType.MESSAGE_EDIT },
      ...seal('Message Edit', original, editor, plain),
    },
  };
}

/** A reaction as announcement groups have it. */
export function sealedReaction(
  original: Original,
  key: proto.IMessageKey,
  sender: string,
  emoji: string,
): proto.IMessage {
  const plain = proto.Message.ReactionMessage.encode({ text: emoji, senderTimestampMs: Date.now() }).finish();
  return { encReactionMessage: { targetMessageKey: key, ...seal('Enc Reaction', original, sender, plain) } };
}

/** An answer to an invitation to an event; the only one of these that binds its sender as additional data, too. */
export function sealedAnswer(
  original: Original,
  key: proto.IMessageKey,
  sender: string,
  response: proto.Message.EventResponseMessage.EventResponseType,
): proto.IMessage {
  const plain = proto.Message.EventResponseMessage.encode({ response, timestampMs: Date.now() }).finish();
  const aad = Buffer.from(`${original.id}\0${sender}`);
  return {
    encEventResponseMessage: { eventCreationMessageKey: key, ...seal('Event Response', original, sender, plain, aad) },
  };
}

/** HKDF of RFC 5869 written out (one block is enough), then AES-256-GCM with the tag behind the ciphertext. */
function seal(useCase: string, original: Original, sender: string, plain: Uint8Array, aad?: Buffer) {
  const hmac = (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest();
  const info = Buffer.from(`${original.id}${original.author}${sender}${useCase}\x01`);
  const key = hmac(hmac(new Uint8Array(32), original.secret), info);
  const encIv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, encIv);
  if (aad) cipher.setAAD(aad);
  const encPayload = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { encPayload, encIv };
}
