import type { MessageData, PartyData, WebhookEvent } from '../webhook-events.js';
import type { Envelope, EnvelopeFacts } from './envelope.js';
import { child, originalContent, textOf } from './original-content.js';

type Event<T extends WebhookEvent['type']> = Extract<WebhookEvent, { type: T }>;
interface Body {
  event: string;
  payload: unknown;
}

const EVENTS: { [T in WebhookEvent['type']]?: (event: Event<T>, facts: EnvelopeFacts) => Body } = {
  messageReceived: ({ data }, facts) => ({ event: 'message', payload: message(data, facts) }),
  // `message` is for what comes in; our own messages are only in `message.any`.
  messageSent: ({ data }, facts) => ({ event: 'message.any', payload: message(data, facts) }),
  messageStatus: ({ data }, facts) => ({
    event: data.chat.tipo === 'grupo' ? 'message.ack.group' : 'message.ack',
    payload: {
      id: messageId(data.chat, null, data.whatsappId),
      from: ownId(facts),
      to: chatId(data.chat),
      participant: data.participante && chatId(data.participante),
      fromMe: true,
      ...ackOf(data.status),
    },
  }),
  messageEdited: ({ data }, facts) => ({
    event: 'message.edited',
    payload: {
      ...addresses(data.chat, data.autor, facts),
      editedMessageId: data.whatsappId,
      body: data.conteudo,
      timestamp: seconds(data.editadaEm),
    },
  }),
  messageDeleted: ({ data }) => ({
    event: 'message.revoked',
    payload: { after: null, before: null, revokedMessageId: messageId(data.chat, data.autor, data.whatsappId) },
  }),
  messageReaction: ({ id, data }, facts) => ({
    event: 'message.reaction',
    payload: {
      id: messageId(data.chat, data.de, id.slice(4)),
      timestamp: seconds(data.timestamp),
      ...addresses(data.chat, data.de, facts),
      reaction: { text: data.emoji ?? '', messageId: messageId(data.chat, data.autor, data.whatsappId) },
    },
  }),
  call: ({ data }) => ({
    event: CALL_EVENTS[data.status],
    payload: {
      ...{ id: data.callId, from: chatId(data.de), timestamp: seconds(data.timestamp) },
      ...{ isVideo: data.video, isGroup: data.grupo !== null, _data: { status: data.status } },
    },
  }),
  connectionState: ({ at, connectionId, data }) => sessionStatus(connectionId, at, STATES[data.estado] ?? 'FAILED'),
  // There is no event for a QR code: the status is told again, and the receiver asks for the code.
  qr: ({ at, connectionId }) => sessionStatus(connectionId, at, 'SCAN_QR_CODE'),
  test: ({ data }) => ({ event: 'test', payload: data }),
};

/** WAHA (read in its OpenAPI document 2026.7.1): event names, ids and shapes that its receivers know. */
export const wahaEnvelope: Envelope = {
  words: Object.keys(EVENTS) as WebhookEvent['type'][],
  render(event, facts) {
    const body = EVENTS[event.type]?.(event as never, facts);
    if (!body) return null;
    return {
      id: event.id,
      timestamp: event.at,
      event: body.event,
      session: event.connectionId ?? '',
      metadata: {},
      me: facts.connection?.numero ? { id: `${facts.connection.numero}@c.us`, pushName: facts.connection.name } : null,
      payload: body.payload,
      engine: 'NOWEB',
      environment: { version: facts.version, engine: 'NOWEB', tier: 'CORE' },
    };
  },
};

/** A call that nobody answered has no word of its own there: it ends as rejected. */
const CALL_EVENTS = {
  offered: 'call.received',
  accepted_elsewhere: 'call.accepted',
  missed: 'call.rejected',
  rejected_elsewhere: 'call.rejected',
  rejected: 'call.rejected',
} as const;

const STATES: Record<string, string> = {
  idle: 'STOPPED',
  disconnected: 'STOPPED',
  initializing: 'STARTING',
  authenticated: 'STARTING',
  reconnecting: 'STARTING',
  qr_ready: 'SCAN_QR_CODE',
  pairing: 'SCAN_QR_CODE',
  ready: 'WORKING',
  passkey_required: 'PASSKEY_REQUIRED',
};

const ACKS: Record<string, [number, string]> = {
  ERRO: [-1, 'ERROR'],
  PENDENTE: [0, 'PENDING'],
  ENVIADA: [1, 'SERVER'],
  ENTREGUE: [2, 'DEVICE'],
  RECEBIDA: [2, 'DEVICE'],
  LIDA: [3, 'READ'],
  REPRODUZIDA: [4, 'PLAYED'],
};

function sessionStatus(name: string | null, at: number, status: string): Body {
  return { event: 'session.status', payload: { name, status, statuses: [{ status, timestamp: at }], data: null } };
}

function ackOf(status: string) {
  const [ack, ackName] = ACKS[status] ?? [0, 'PENDING'];
  return { ack, ackName };
}

/** WAHA writes a person's address as `…@c.us`. */
function chatId({ jid, pn }: PartyData): string {
  return ofClients(pn ?? jid);
}

function ofClients(jid: string): string {
  return jid.replace(/@s\.whatsapp\.net$/, '@c.us');
}

function ownId({ connection }: EnvelopeFacts): string {
  return connection?.numero ? `${connection.numero}@c.us` : '';
}

function messageId(chat: PartyData, autor: PartyData | null, id: string): string {
  const participant = chat.tipo === 'grupo' && autor ? `_${chatId(autor)}` : '';
  return `${autor === null}_${chatId(chat)}_${id}${participant}`;
}

function addresses(chat: PartyData, autor: PartyData | null, facts: EnvelopeFacts) {
  const fromMe = autor === null;
  const [from, to] = fromMe ? [ownId(facts), chatId(chat)] : [chatId(chat), ownId(facts)];
  return { from, fromMe, to, participant: chat.tipo === 'grupo' && autor ? chatId(autor) : null };
}

function message(data: MessageData, facts: EnvelopeFacts) {
  const { chat, autor, whatsappId, midia } = data;
  return {
    id: messageId(chat, autor, whatsappId),
    timestamp: seconds(data.timestamp),
    ...addresses(chat, autor, facts),
    source: data.origem === 'api' ? 'api' : 'app',
    body: data.conteudo,
    hasMedia: data.tipo !== 'TEXTO',
    media: midia && { url: null, mimetype: midia.tipo, filename: midia.nome },
    ...ackOf(data.status),
    replyTo: replyOf(data),
    ...placesAndPeople(data),
    _data: rawOf(data),
  };
}

/** The quoted message: whose it is, how it reads, and its own fields. */
function replyOf({ respostaA, original }: MessageData) {
  if (respostaA === null) return null;
  const contextInfo = originalContent(original)?.contextInfo ?? null;
  const quoted = child(contextInfo, 'quotedMessage');
  const participant = contextInfo?.['participant'];
  return {
    id: respostaA,
    participant: typeof participant === 'string' ? ofClients(participant) : null,
    body: quoted && textOf(quoted),
    _data: quoted,
  };
}

function placesAndPeople({ original, conteudo }: MessageData) {
  const { content, field } = originalContent(original) ?? {};
  const place = field === 'locationMessage' || field === 'liveLocationMessage' ? (content as Place) : null;
  const cards = [content, ...((content as { contacts?: unknown[] } | undefined)?.contacts ?? [])];
  return {
    ...(place && {
      location: {
        ...{ latitude: place.degreesLatitude ?? 0, longitude: place.degreesLongitude ?? 0 },
        description: place.name ?? place.caption ?? conteudo,
      },
    }),
    vCards: cards.flatMap((card) => {
      const vcard = (card as { vcard?: unknown } | undefined)?.vcard;
      return typeof vcard === 'string' ? [vcard] : [];
    }),
  };
}

interface Place {
  degreesLatitude?: number;
  degreesLongitude?: number;
  name?: string;
  caption?: string;
}

/** As the engine that we name has it (NOWEB, that is Baileys' `WAMessage`). */
function rawOf({ chat, autor, whatsappId, timestamp, original, status }: MessageData) {
  const participant = chat.tipo === 'grupo' && autor ? { participant: autor.jid } : {};
  return {
    key: { remoteJid: chat.jid, fromMe: autor === null, id: whatsappId, ...participant },
    messageTimestamp: seconds(timestamp),
    ...{ pushName: autor?.nomePerfil ?? null, notifyName: autor?.nomePerfil ?? null },
    ...{ message: original ?? null, status: ackOf(status).ack },
  };
}

function seconds(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000);
}
