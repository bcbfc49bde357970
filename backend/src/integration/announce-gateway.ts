import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../journal/webhooks/records.js';
import type { WebhookStore } from '../journal/webhooks/webhook-store.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import { eventId } from '../notifications/webhooks/event-id.js';
import type { WebhookEventData } from '../notifications/webhooks/webhook-events.js';

export interface AnnounceGatewayDeps {
  events: TypedEmitter<GatewayEvents>;
  store: WebhookStore;
  clock: Clock;
  log: Log;
}

/** Facts of the process that are in no entry of the log; durable for webhooks from the moment they are told. */
const TOLD = [
  ...['alert', 'supabaseOffline', 'supabaseOnline', 'qr', 'instanceStatus', 'userNotification', 'chatDeleted'],
] as const satisfies (keyof GatewayEvents & keyof WebhookEventData)[];

/** Has webhooks and WebSockets told what happens to the gateway itself, and of QR codes. @returns the undo */
export function announceGateway({ events, store, clock, log }: AnnounceGatewayDeps): () => void {
  const undo = TOLD.map((type) =>
    events.on(type, async (data) => {
      if (!store.inUse) return;
      const { connectionId = null, ...rest } = data as { connectionId?: string };
      const parties = connectionId === null ? { ownerId: null, companyId: null } : store.partiesOf(connectionId);
      const event: NewEvent = {
        ...{ id: eventId(type, randomUUID()), type, connectionId, ...parties, at: clock.now(), data: rest },
        // A QR code that is not valid any more is no news.
        expiresAt: type === 'qr' ? Date.parse((data as GatewayEvents['qr']).expiresAt) : null,
      };
      await store.append([event]).catch((error) => log.error('event for webhooks not stored', { type, error }));
    }),
  );
  return () => undo.forEach((off) => off());
}
