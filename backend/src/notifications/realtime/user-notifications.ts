import type { NewEvent } from '../../journal/webhooks/records.js';
import type { WebhookEventData, WebhookEventType } from '../webhooks/webhook-events.js';

/** What the page of a signed-in user shows; `type` says how. */
export interface Notification {
  type: string;
  data: object;
}

/** What cannot be read off an event. */
export interface NotificationFacts {
  /** The picture of a QR code, as a data URL. */
  qrImage: (code: string) => Promise<string>;
}

type Telling = (event: NewEvent, facts: NotificationFacts) => Promise<Notification> | Notification;

/**
 * The ways in which users are told something, under the names that applications have for them: of which events each tells,
 * and in what words. Nobody calls them: what is in the log of events is told, so that nothing can be told twice, forgotten, or
 * lost over a crash. Whom it reaches is said in rooms.ts. `instanceName` is the connection's id.
 */
export const USER_NOTIFICATIONS = {
  /** A customer has written. */
  notifyNewMessage: {
    messageReceived: ({ connectionId, data }) => ({
      type: 'new_message',
      data: { instanceName: connectionId, ...data },
    }),
  },
  /** A connection has moved to another state. */
  notifyWhatsAppStatus: {
    connectionState: ({ connectionId, data }) => {
      const { estado, status, motivo, numero } = data as WebhookEventData['connectionState'];
      const shown = estado === 'qr_ready' ? 'waiting_qr' : status;
      return { type: 'whatsapp_status', data: { instanceName: connectionId, status: shown, estado, motivo, numero } };
    },
  },
  /** Somebody should read this: the health of their own instance, or an alert of a connection. */
  sendUserNotification: {
    userNotification: ({ data }) => ({ type: 'notification', data }),
    alert: ({ connectionId, data }) => ({ type: 'notification', data: { instanceName: connectionId, ...data } }),
  },
  /** There is a code to scan, or an application has something to say. */
  sendToUser: {
    applicationNotification: ({ data }) => {
      const { type, data: said } = data as WebhookEventData['applicationNotification'];
      return { type, data: said };
    },
    qr: async ({ connectionId, data }, { qrImage }) => {
      const { code, expiresAt } = data as WebhookEventData['qr'];
      const qrCode = await qrImage(code);
      return { type: 'qrcode', data: { instanceName: connectionId, qrCode, expiresAt, status: 'waiting_qr' } };
    },
  },
} as const satisfies Record<string, Partial<Record<WebhookEventType, Telling>>>;

const TELLINGS = new Map<string, Telling>(Object.values(USER_NOTIFICATIONS).flatMap((way) => Object.entries(way)));

/** An event in the words of users' pages; null = it is none of theirs. */
export async function tellUsers(event: NewEvent, facts: NotificationFacts): Promise<Notification | null> {
  return (await TELLINGS.get(event.type)?.(event, facts)) ?? null;
}
