import { EVOLUTION_MEDIA, EVOLUTION_STATUSES, evolutionState } from '../../../lib/evolution-words.js';
import type { MessageData, PartyData, TargetData, WebhookEvent } from '../webhook-events.js';
import type { Envelope, EnvelopeFacts } from './envelope.js';
import { originalContent } from './original-content.js';

type Event<T extends WebhookEvent['type']> = Extract<WebhookEvent, { type: T }>;
interface Body {
  event: string;
  data: unknown;
}

const EVENTS: { [T in WebhookEvent['type']]?: (event: Event<T>, facts: EnvelopeFacts) => Body | Promise<Body> } = {
  messageReceived: ({ connectionId, data }) => ({ event: 'messages.upsert', data: message(data, connectionId) }),
  // Sends by API have an event of their own there; what was written on the phone is an upsert.
  messageSent: ({ connectionId, data }) => ({
    event: data.origem === 'api' ? 'send.message' : 'messages.upsert',
    data: message(data, connectionId),
  }),
  messageStatus: ({ connectionId, data }) => ({
    event: 'messages.update',
    data: {
      keyId: data.whatsappId,
      remoteJid: data.chat.pn ?? data.chat.jid,
      fromMe: true,
      ...(data.participante && { participant: data.participante.pn ?? data.participante.jid }),
      status: EVOLUTION_STATUSES[data.status] ?? data.status,
      instanceId: connectionId ?? '',
    },
  }),
  messageEdited: ({ connectionId, data }) => ({
    event: 'messages.edited',
    data: { ...target(data), message: { conversation: data.conteudo }, instanceId: connectionId ?? '' },
  }),
  messageDeleted: ({ data }) => {
    const { key } = target(data);
    return { event: 'messages.delete', data: { ...key, status: 'DELETED' } };
  },
  messageReaction: ({ id, at, connectionId, data }) => ({
    event: 'messages.upsert',
    data: {
      key: { ...target(data).key, fromMe: data.de === null, id: id.slice(4) },
      pushName: data.de?.nomePerfil ?? '',
      message: { reactionMessage: { key: target(data).key, text: data.emoji ?? '' } },
      messageType: 'reactionMessage',
      messageTimestamp: Math.floor(at / 1000),
      instanceId: connectionId ?? '',
      source: 'unknown',
    },
  }),
  call: ({ connectionId, data }) => ({
    event: 'call',
    data: {
      ...{
        id: data.callId,
        from: data.de.pn ?? data.de.jid,
        chatId: (data.grupo ?? data.de).pn ?? (data.grupo ?? data.de).jid,
      },
      ...{ status: CALL_STATUSES[data.status], date: data.timestamp, offline: false },
      ...{ isVideo: data.video, isGroup: data.grupo !== null, instanceId: connectionId ?? '' },
    },
  }),
  contactUpdated: ({ connectionId, data }) => ({
    event: 'contacts.update',
    data: [{ remoteJid: data.pn ?? data.jid, pushName: data.nomePerfil ?? data.nome, instanceId: connectionId ?? '' }],
  }),
  connectionState: ({ connectionId, data }) => ({
    event: 'connection.update',
    data: {
      instance: connectionId,
      state: evolutionState(data.estado),
      statusReason: data.estado === 'logged_out' ? 401 : 200,
    },
  }),
  qr: async ({ connectionId, data: { code } }, facts) => ({
    event: 'qrcode.updated',
    data: { qrcode: { instance: connectionId, pairingCode: null, code, base64: await facts.qrImage(code) } },
  }),
  test: ({ data }) => ({ event: 'test', data }),
};

/** Baileys' words (lib/Types/Call.d.ts), which Evolution passes on. */
const CALL_STATUSES = {
  offered: 'offer',
  missed: 'timeout',
  accepted_elsewhere: 'accept',
  rejected_elsewhere: 'reject',
  rejected: 'reject',
} as const;

/** Evolution API v2 (read in its 2.3.6 source): event names, statuses and shapes that its receivers know. */
export const evolutionEnvelope: Envelope = {
  words: Object.keys(EVENTS) as WebhookEvent['type'][],
  async render(event, facts) {
    const body = await EVENTS[event.type]?.(event as never, facts);
    if (!body) return null;
    return {
      event: body.event,
      instance: event.connectionId ?? '',
      data: body.data,
      destination: facts.url,
      date_time: new Date(event.at).toISOString(),
      sender: facts.connection?.numero ? `${facts.connection.numero}@s.whatsapp.net` : '',
      server_url: '',
      apikey: null,
    };
  },
};

function keyOf(chat: PartyData, autor: PartyData | null, id: string) {
  const alternative = chat.pn === null ? null : chat.lid;
  return {
    remoteJid: chat.pn ?? chat.jid,
    fromMe: autor === null,
    id,
    ...(chat.tipo === 'grupo' &&
      autor && { participant: autor.jid, participantAlt: autor.pn ?? autor.lid ?? autor.jid }),
    ...(alternative !== null && { remoteJidAlt: alternative }),
    addressingMode: chat.jid.endsWith('@lid') ? 'lid' : 'pn',
  };
}

function target({ chat, autor, whatsappId }: TargetData) {
  return { key: keyOf(chat, autor, whatsappId) };
}

/** `instanceId` is the connection's id, as in every answer of the routes for Evolution's clients. */
function message(data: MessageData, connectionId: string | null) {
  const { messageType, ...content } = contentOf(data);
  return {
    key: keyOf(data.chat, data.autor, data.whatsappId),
    pushName: data.autor?.nomePerfil ?? '',
    status: EVOLUTION_STATUSES[data.status] ?? data.status,
    ...content,
    messageType,
    messageTimestamp: Math.floor(Date.parse(data.timestamp) / 1000),
    instanceId: connectionId ?? '',
    source: 'unknown',
  };
}

/** In WhatsApp's own fields where they are known, as Evolution passes them on; its one change is that text with a context is
 *  `conversation`, the context beside it. */
function contentOf(data: MessageData) {
  const original = originalContent(data.original);
  if (original === null) return contentOfRow(data);
  const { message, field, content, contextInfo } = original;
  if (field !== 'extendedTextMessage') return { message, contextInfo, messageType: field };
  const { extendedTextMessage: _, ...beside } = message;
  const { text } = content as { text?: string };
  return { message: { conversation: text ?? '', ...beside }, contextInfo, messageType: 'conversation' };
}

function contentOfRow({ tipo, conteudo, midia, respostaA }: MessageData) {
  const messageType = EVOLUTION_MEDIA[tipo] ?? 'conversation';
  const file = {
    caption: conteudo,
    mimetype: midia?.tipo ?? null,
    fileName: midia?.nome ?? null,
    fileLength: midia?.tamanho ?? null,
  };
  const message = { [messageType]: messageType === 'conversation' ? conteudo : file };
  return { message, contextInfo: respostaA === null ? null : { stanzaId: respostaA }, messageType };
}
