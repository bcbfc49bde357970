import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../../journal/webhooks/records.js';
import type { WebhookStore } from '../../journal/webhooks/webhook-store.js';
import type { Clock } from '../../lib/clock.js';
import { eventId } from '../webhooks/event-id.js';

/** What a page shows; `type` says how. */
export interface Notification {
  type: string;
  data: object;
}

/**
 * Tells signed-in users something that is no event of a connection of this process. It goes through the log of events, so
 * it is durable when the promise resolves, and whoever is away for a moment gets it with `since`. For WebSockets only.
 */
export class UserNotifications {
  constructor(private readonly deps: { store: Pick<WebhookStore, 'append'>; clock: Clock }) {}

  /** To every socket of this user. @throws GatewayError `JOURNAL_FAILED` */
  sendToUser(userId: string, { type, data }: Notification): Promise<void> {
    return this.#tell(type, data, { userId });
  }

  /** `{ type: 'notification', data }` to every socket of this user. @throws GatewayError `JOURNAL_FAILED` */
  sendUserNotification(userId: string, notification: object): Promise<void> {
    return this.sendToUser(userId, { type: 'notification', data: notification });
  }

  /** `{ type: 'whatsapp_status', data: { instanceName, status } }` to every user of this company. @throws GatewayError `JOURNAL_FAILED` */
  notifyWhatsAppStatus(organizationId: string, instanceName: string, status: string): Promise<void> {
    return this.#tell('whatsapp_status', { instanceName, status }, { organizationId });
  }

  /** `{ type: 'new_message', data: message }` to every user of this company. @throws GatewayError `JOURNAL_FAILED` */
  notifyNewMessage(organizationId: string, message: object): Promise<void> {
    return this.#tell('new_message', message, { organizationId });
  }

  async #tell(type: string, data: object, audience: NonNullable<NewEvent['audience']>): Promise<void> {
    const at = this.deps.clock.now();
    const nobodys = { connectionId: null, ownerId: null, companyId: null, expiresAt: null };
    await this.deps.store.append([{ ...nobodys, id: eventId(type, randomUUID()), type, at, data, audience }]);
  }
}
