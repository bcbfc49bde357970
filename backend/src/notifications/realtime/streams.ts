import type { NewEvent } from '../../journal/webhooks/records.js';
import { sentinelaEnvelope } from '../webhooks/envelopes/sentinela.js';
import type { WebhookEvent, WebhookEventData } from '../webhooks/webhook-events.js';

/** What a client is told: the name of the socket.io event, and its one argument. */
export interface Message {
  name: string;
  body: Record<string, unknown>;
}

/** A socket.io namespace, and how events are written in it. */
export interface Stream {
  namespace: string;
  /** null = this stream has no word for it. */
  render(
    event: NewEvent,
    facts: { qrImage: (code: string) => Promise<string> },
  ): Promise<Message | null> | Message | null;
}

/** Every event under its own name, with the body that webhooks of format `sentinela` get. */
const events: Stream = {
  namespace: '/',
  render: (event) => ({
    name: event.audience ? 'notification' : event.type,
    body: sentinelaEnvelope.render(event as unknown as WebhookEvent, undefined as never) as Message['body'],
  }),
};

/** What the page of a signed-in user shows: `{ type, data }`, always under the name `notification`. */
const notifications: Stream = {
  namespace: '/notifications',
  render: async (event, facts) => {
    const { id, at, type, data } = event;
    const said = event.audience ? { type, data } : await WORDS[type as keyof WebhookEventData]?.(event, facts);
    if (!said) return null;
    return { name: 'notification', body: { id, timestamp: new Date(at).toISOString(), ...said } };
  },
};

type Word = (event: NewEvent, facts: { qrImage: (code: string) => Promise<string> }) => Promise<Said> | Said;
interface Said {
  type: string;
  data: object;
}

/** The events that such a page knows, in its words; `instanceName` is the connection's id. */
const WORDS: Partial<Record<keyof WebhookEventData, Word>> = {
  messageReceived: ({ connectionId, data }) => ({ type: 'new_message', data: { instanceName: connectionId, ...data } }),
  connectionState: ({ connectionId, data }) => {
    const { estado, status, motivo, numero } = data as WebhookEventData['connectionState'];
    const shown = estado === 'qr_ready' ? 'waiting_qr' : status;
    return { type: 'whatsapp_status', data: { instanceName: connectionId, status: shown, estado, motivo, numero } };
  },
  qr: async ({ connectionId, data }, { qrImage }) => {
    const { code, expiresAt } = data as WebhookEventData['qr'];
    const qrCode = await qrImage(code);
    return { type: 'qrcode', data: { instanceName: connectionId, qrCode, expiresAt, status: 'waiting_qr' } };
  },
  alert: ({ connectionId, data }) => ({ type: 'notification', data: { instanceName: connectionId, ...data } }),
};

export const STREAMS: readonly Stream[] = [events, notifications];
