import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { GatewayError } from '../lib/errors.js';

/** What WhatsApp's own clients let a person type, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 65_536;

/** The message that a reply quotes, as far as the caller knows it. */
export interface Quoted {
  /** whatsappId of the quoted message. */
  stanzaId: string;
  /** Who wrote it, as a JID without device; without it phones show the quote without an author. */
  participant?: string | undefined;
  text?: string | undefined;
}

export interface TextContent {
  text: string;
  /** JIDs; the text itself should carry `@<digits>` where each is named. */
  mentions?: string[] | undefined;
  quoted?: Quoted | undefined;
}

/**
 * Builds what Baileys' `generateWAMessageContent` builds for a text (Utils/messages.js), without link previews: those
 * would fetch addresses that a customer wrote.
 * @throws GatewayError `EMPTY_MESSAGE`, `MESSAGE_TOO_LONG`
 */
export function buildTextMessage(content: TextContent): proto.IMessage {
  const text = checkedText(content.text);
  const contextInfo = buildContext(content);
  return {
    extendedTextMessage: { text, ...(contextInfo && { contextInfo }) },
    // Chosen once and stored with the message: a second attempt is the same message down to its secret.
    messageContextInfo: { messageSecret: randomBytes(32) },
  };
}

/** @throws GatewayError `EMPTY_MESSAGE`, `MESSAGE_TOO_LONG` */
export function checkedText(given: string): string {
  const text = wellFormed(given);
  if (text.trim() === '') throw new GatewayError('EMPTY_MESSAGE');
  if (text.length > MAX_TEXT_LENGTH) {
    throw new GatewayError('MESSAGE_TOO_LONG', undefined, { details: { max: MAX_TEXT_LENGTH, length: text.length } });
  }
  return text;
}

/** What is quoted and who is named; null when nothing and nobody. */
export function buildContext({ mentions, quoted }: Omit<TextContent, 'text'>): proto.IContextInfo | null {
  if (!quoted && !mentions?.length) return null;
  return {
    ...(mentions?.length && { mentionedJid: mentions }),
    ...(quoted && {
      stanzaId: quoted.stanzaId,
      ...(quoted.participant && { participant: quoted.participant }),
      quotedMessage: { conversation: wellFormed(quoted.text ?? '') },
    }),
  };
}

/** Lone surrogates have no UTF-8 form; protobuf would write bytes that no phone can read. They become U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** The bytes that the outbox keeps. */
export function encodeMessage(message: proto.IMessage): Uint8Array {
  return proto.Message.encode(message).finish();
}

/** @throws when the bytes are no `proto.Message`, which only a damaged journal can cause. */
export function decodeMessage(bytes: Uint8Array): proto.IMessage {
  return proto.Message.decode(bytes);
}
