import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../journal/webhooks/records.js';
import type { WebhookStore } from '../journal/webhooks/webhook-store.js';
import type { Clock } from '../lib/clock.js';
import { partyOf } from '../lib/party.js';
import { eventId } from './webhooks/event-id.js';

/** What a page shows; `type` says how. */
export interface PushedNotification {
  type: string;
  data: Record<string, unknown>;
}

/** To whom: one user, or everybody of an organisation. */
export type Audience = { userId: string } | { organizationId: string };

/**
 * Notifications that applications push to the pages of users (namespace `/notifications`). They stand in the log of events like
 * what the gateway tells by itself: in order, and told to who comes back with `since`. Ids are UUIDs or any other text.
 */
export class ApplicationNotifications {
  constructor(private readonly deps: { store: Pick<WebhookStore, 'append'>; clock: Clock }) {}

  /** Tells one user. @returns the id of the event */
  sendToUser(userId: string, { type, data }: { type: string; data: object }): Promise<string> {
    return this.push({ userId }, { type, data: { ...data } });
  }

  /** Shows one user a notification, such as `{ title, message }`. @returns the id of the event */
  sendUserNotification(userId: string, notification: object): Promise<string> {
    return this.push({ userId }, { type: 'notification', data: { ...notification } });
  }

  /** Tells an organisation the status of an instance. @returns the id of the event */
  notifyWhatsAppStatus(organizationId: string, instanceName: string, status: string): Promise<string> {
    return this.push({ organizationId }, { type: 'whatsapp_status', data: { instanceName, status } });
  }

  /** Tells an organisation of a message. @returns the id of the event */
  notifyNewMessage(organizationId: string, message: object): Promise<string> {
    return this.push({ organizationId }, { type: 'new_message', data: { ...message } });
  }

  /** @throws GatewayError `JOURNAL_FAILED`, `JOURNAL_FULL` */
  async push(to: Audience, { type, data }: PushedNotification): Promise<string> {
    const ownerId = 'userId' in to ? partyOf(to.userId).id : null;
    const companyId = 'organizationId' in to ? partyOf(to.organizationId).id : null;
    const id = eventId('applicationNotification', randomUUID());
    const event: NewEvent = {
      ...{ id, type: 'applicationNotification', connectionId: null, ownerId, companyId },
      ...{ at: this.deps.clock.now(), expiresAt: null },
      data: { userId: ownerId, organizationId: companyId, type, data },
    };
    await this.deps.store.append([event]);
    return id;
  }
}
