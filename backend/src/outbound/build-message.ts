import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import type { ContactCard, MediaContent, MediaKind, MessageContext, OutgoingContent, Target } from './content.js';
import { contentsOf } from './disappearing.js';
import { buildContext, buildTextMessage, checkedText, wellFormed } from './text-message.js';

const { Type } = proto.Message.ProtocolMessage;
type Kind = OutgoingContent['kind'];
type Builders = {
  [K in Exclude<Kind, MediaKind>]: (content: Extract<OutgoingContent, { kind: K }>) => proto.IMessage;
};

/** The content alone, as Baileys' `generateWAMessageContent` builds it (Utils/messages.js). */
const BUILDERS: Builders = {
  text: ({ text }) => ({ extendedTextMessage: { text: checkedText(text) } }),
  location: ({ latitude, longitude, name, address }) => ({
    locationMessage: {
      degreesLatitude: latitude,
      degreesLongitude: longitude,
      ...(name && { name: wellFormed(name) }),
      ...(address && { address: wellFormed(address) }),
    },
  }),
  contact: ({ contacts }) => {
    const cards = contacts.map((contact) => ({ displayName: wellFormed(contact.name), vcard: vcardOf(contact) }));
    const [only] = cards;
    return cards.length === 1 && only
      ? { contactMessage: only }
      : { contactsArrayMessage: { displayName: `${cards.length} contatos`, contacts: cards } };
  },
  poll: ({ question, options, selectable }) => {
    const poll = {
      name: wellFormed(question),
      options: options.map((optionName) => ({ optionName: wellFormed(optionName) })),
      selectableOptionsCount: selectable,
    };
    // V3 is the form for one answer, the plain one for several.
    return selectable === 1 ? { pollCreationMessageV3: poll } : { pollCreationMessage: poll };
  },
  reaction: ({ target, emoji }) => ({
    reactionMessage: { key: keyOf(target), text: emoji, senderTimestampMs: Date.now() },
  }),
  edit: ({ target, text }) => ({
    protocolMessage: {
      key: keyOf(target),
      type: Type.MESSAGE_EDIT,
      timestampMs: Date.now(),
      editedMessage: { extendedTextMessage: { text: checkedText(text) } },
    },
  }),
  delete: ({ target }) => ({ protocolMessage: { key: keyOf(target), type: Type.REVOKE } }),
};

/** Its content field per kind of file. */
const MEDIA: Record<MediaKind, (content: MediaContent) => proto.IMessage> = {
  image: (content) => ({ imageMessage: { ...pictureOf(content), ...captionOf(content) } }),
  video: (content) => ({
    videoMessage: { ...pictureOf(content), ...captionOf(content), ...secondsOf(content), ...gifOf(content) },
  }),
  audio: (content) => ({ audioMessage: { ...fileOf(content), ...secondsOf(content), ptt: false } }),
  voice: (content) => ({
    audioMessage: { ...fileOf(content), ...secondsOf(content), ...waveformOf(content), ptt: true },
  }),
  document: documentOf,
  sticker: (content) => ({ stickerMessage: fileOf(content) }),
};

/**
 * The message as every recipient gets it. Its secret is chosen here, once: a second attempt is the same message, and votes
 * on a poll are encrypted with it.
 * @throws GatewayError `EMPTY_MESSAGE`, `MESSAGE_TOO_LONG`
 */
export function buildMessage(content: OutgoingContent, context: MessageContext = {}): proto.IMessage {
  if (content.kind === 'text' && !context.forwarded) return buildTextMessage({ text: content.text, ...context });
  const message = build(content);
  if (content.kind === 'edit') return withContext(message, buildContext({ mentions: context.mentions }));
  if (content.kind === 'reaction' || content.kind === 'delete') return message;
  const contextInfo = contextInfoOf(context);
  if (contextInfo) for (const each of contentsOf(message)) each.contextInfo = contextInfo;
  const secret = { messageContextInfo: { messageSecret: randomBytes(32) } };
  const viewOnce = 'viewOnce' in content && content.viewOnce === true;
  return viewOnce ? { viewOnceMessage: { message }, ...secret } : { ...message, ...secret };
}

/** What an edited text names: phones show names only for what its context has. */
function withContext(edit: proto.IMessage, contextInfo: proto.IContextInfo | null): proto.IMessage {
  const text = edit.protocolMessage?.editedMessage?.extendedTextMessage;
  if (text && contextInfo) text.contextInfo = contextInfo;
  return edit;
}

function build(content: OutgoingContent): proto.IMessage {
  if ('sealed' in content) return MEDIA[content.kind](content);
  const builder = BUILDERS[content.kind] as (content: OutgoingContent) => proto.IMessage;
  return builder(content);
}

function contextInfoOf(context: MessageContext): proto.IContextInfo | null {
  const info = buildContext(context);
  return context.forwarded ? { ...info, isForwarded: true, forwardingScore: 1 } : info;
}

function keyOf({ id, chatJid, fromMe, participant }: Target): proto.IMessageKey {
  return { id, remoteJid: chatJid, fromMe, ...(participant && { participant }) };
}

function fileOf({ sealed, viewOnce }: MediaContent) {
  const { mediaKey, fileSha256, fileEncSha256, fileLength, mimetype } = sealed;
  const mediaKeyTimestamp = Math.floor(Date.now() / 1000);
  return {
    ...{ mediaKey, fileSha256, fileEncSha256, fileLength, mimetype, mediaKeyTimestamp },
    ...(viewOnce && { viewOnce }),
  };
}

function pictureOf(content: MediaContent) {
  const { width, height, thumbnail } = content;
  return { ...fileOf(content), ...(width && { width }), ...(height && { height }), ...jpeg(thumbnail) };
}

function jpeg(thumbnail: Uint8Array | undefined) {
  return thumbnail ? { jpegThumbnail: thumbnail } : {};
}

function captionOf({ caption }: MediaContent) {
  return caption ? { caption: checkedText(caption) } : {};
}

function secondsOf({ seconds }: MediaContent) {
  return seconds === undefined ? {} : { seconds };
}

function gifOf({ gifPlayback }: MediaContent) {
  return gifPlayback ? { gifPlayback } : {};
}

function waveformOf({ waveform }: MediaContent) {
  return waveform ? { waveform } : {};
}

/** A caption puts it into the wrapper that phones expect then. */
function documentOf(content: MediaContent): proto.IMessage {
  const fileName = wellFormed(content.fileName ?? 'documento');
  const documentMessage = { ...fileOf(content), fileName, title: fileName, ...captionOf(content) };
  return content.caption ? { documentWithCaptionMessage: { message: { documentMessage } } } : { documentMessage };
}

/** vCard 3.0; `waid` is what makes the "message" button (as WhatsApp's own apps write it). */
function vcardOf({ name, numbers, accounts, organization }: ContactCard): string {
  const lines = numbers.map((number, index) => {
    const digits = number.replace(/\D/g, '');
    const account = accounts ? accounts[index] : digits;
    return `TEL;type=CELL;type=VOICE${account ? `;waid=${account}` : ''}:+${digits}`;
  });
  const org = organization ? [`ORG:${escaped(organization)};`] : [];
  return ['BEGIN:VCARD', 'VERSION:3.0', `FN:${escaped(name)}`, ...org, ...lines, 'END:VCARD'].join('\n');
}

/** RFC 2426, 5: a line break in a name would begin a line of its own. */
function escaped(text: string): string {
  return wellFormed(text)
    .replace(/[\\;,]/g, (char) => `\\${char}`)
    .replace(/\r?\n|\r/g, '\\n');
}
