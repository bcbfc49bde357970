import type { SendChannel } from '../outbound/send-channel.js';
import { GatewayError } from '../lib/errors.js';
import type { RemoteCall } from './evolution-server.js';

/** A WhatsApp message as the outbox keeps it. */
export type OutgoingMessage = Parameters<SendChannel['relay']>[1];

/** A message as the server's API takes it; `{i}` in the path stands for the instance. */
export interface RemoteRequest extends Pick<RemoteCall, 'method' | 'path'> {
  body: Record<string, unknown>;
}

/** What making it needs beside the message. */
export interface SendFacts {
  jid: string;
  /** The message's file as base64; null when it has none. */
  file: string | null;
  /** The server's id of a message that we know under ours. */
  remoteIdOf: (whatsappId: string) => string;
}

interface Context {
  stanzaId?: string | null;
  participant?: string | null;
  mentionedJid?: string[] | null;
  quotedMessage?: object | null;
}
type Maker = (message: OutgoingMessage, facts: SendFacts) => RemoteRequest | null | undefined;

/** One row a content, tried in turn (evolution-api 2.3.6, sendMessage.router.ts and chat.router.ts). */
const MAKERS: Maker[] = [
  ({ conversation, extendedTextMessage }, facts) => {
    const text = extendedTextMessage?.text ?? conversation;
    return text == null ? null : send('sendText', facts, { text }, extendedTextMessage?.contextInfo);
  },
  ({ imageMessage: m }, facts) => m && media('image', facts, m, { caption: m.caption }),
  ({ videoMessage: m }, facts) => m && media('video', facts, m, { caption: m.caption }),
  ({ documentMessage: m }, facts) => m && media('document', facts, m, { caption: m.caption, fileName: m.fileName }),
  ({ audioMessage: m }, facts) =>
    m &&
    (m.ptt ? send('sendWhatsAppAudio', facts, { audio: fileOf(facts) }, m.contextInfo) : media('audio', facts, m, {})),
  ({ stickerMessage: m }, facts) => m && send('sendSticker', facts, { sticker: fileOf(facts) }, m.contextInfo),
  ({ locationMessage: m }, facts) => {
    const { degreesLatitude: latitude, degreesLongitude: longitude, name, address } = m ?? {};
    return m ? send('sendLocation', facts, { latitude, longitude, name: name ?? '', address: address ?? '' }) : null;
  },
  ({ contactMessage, contactsArrayMessage }, facts) => {
    const cards = contactsArrayMessage?.contacts ?? (contactMessage ? [contactMessage] : null);
    return cards && send('sendContact', facts, { contact: cards.map(cardOf) });
  },
  ({ pollCreationMessage, pollCreationMessageV3 }, facts) => {
    const poll = pollCreationMessage ?? pollCreationMessageV3;
    if (!poll) return null;
    const values = poll.options?.map(({ optionName }) => optionName);
    return send('sendPoll', facts, { name: poll.name, selectableCount: poll.selectableOptionsCount ?? 0, values });
  },
  ({ reactionMessage: m }, { remoteIdOf }) => {
    if (!m?.key) return null;
    return {
      method: 'POST',
      path: '/message/sendReaction/{i}',
      body: { key: keyOf(m.key, remoteIdOf), reaction: m.text ?? '' },
    };
  },
  ({ protocolMessage: m }, { jid, remoteIdOf }) => {
    if (!m?.key) return null;
    const key = keyOf(m.key, remoteIdOf);
    const text = m.editedMessage?.extendedTextMessage?.text ?? m.editedMessage?.conversation;
    return text == null
      ? { method: 'DELETE', path: '/chat/deleteMessageForEveryone/{i}', body: key }
      : { method: 'POST', path: '/chat/updateMessage/{i}', body: { number: numberOf(jid), key, text } };
  },
];

/** @throws GatewayError `UNSUPPORTED_TYPE` for what the server's API cannot send, `MEDIA_NOT_FOUND` without its file */
export function sendRequest(message: OutgoingMessage, facts: SendFacts): RemoteRequest {
  if (message.viewOnceMessage) throw unsupported('view-once messages');
  const plain = message.documentWithCaptionMessage?.message ?? message;
  for (const make of MAKERS) {
    const made = make(plain, facts);
    if (made) return made;
  }
  throw unsupported('this kind of message');
}

function unsupported(what: string): GatewayError {
  return new GatewayError('UNSUPPORTED_TYPE', `An Evolution server cannot send ${what}.`);
}

function send(route: string, facts: SendFacts, body: object, context?: Context | null): RemoteRequest {
  const more = context ? contextOf(context, facts) : {};
  return { method: 'POST', path: `/message/${route}/{i}`, body: { number: numberOf(facts.jid), ...body, ...more } };
}

function media(
  mediatype: string,
  facts: SendFacts,
  { mimetype, contextInfo }: { mimetype?: string | null; contextInfo?: Context | null },
  more: Record<string, unknown>,
): RemoteRequest {
  const given = Object.fromEntries(Object.entries(more).filter(([, value]) => value != null));
  return send('sendMedia', facts, { mediatype, mimetype, media: fileOf(facts), ...given }, contextInfo);
}

function fileOf({ file }: SendFacts): string {
  if (file === null) throw new GatewayError('MEDIA_NOT_FOUND', 'The file of this message is gone.');
  return file;
}

function contextOf({ stanzaId, participant, mentionedJid, quotedMessage }: Context, { jid, remoteIdOf }: SendFacts) {
  const key = stanzaId && { id: remoteIdOf(stanzaId), remoteJid: jid, ...(participant && { participant }) };
  return {
    ...(key && { quoted: { key, message: quotedMessage ?? { conversation: '' } } }),
    ...(mentionedJid?.length && { mentioned: mentionedJid.map(numberOf) }),
  };
}

function keyOf(
  key: { id?: string | null; remoteJid?: string | null; fromMe?: boolean | null; participant?: string | null },
  remoteIdOf: SendFacts['remoteIdOf'],
) {
  const { id, remoteJid, fromMe, participant } = key;
  return { id: remoteIdOf(id ?? ''), remoteJid, fromMe: fromMe === true, ...(participant && { participant }) };
}

/** Digits of a phone number; groups and LIDs by their address. */
function numberOf(jid: string): string {
  return jid.endsWith('@s.whatsapp.net') ? jid.slice(0, jid.indexOf('@')) : jid;
}

function cardOf({ displayName, vcard }: { displayName?: string | null; vcard?: string | null }) {
  const digits = /waid=(\d+)/.exec(vcard ?? '')?.[1] ?? '';
  const organization = /^ORG:(.*?);?$/m.exec(vcard ?? '')?.[1] ?? '';
  return { fullName: displayName ?? '', wuid: digits, phoneNumber: `+${digits}`, organization };
}
