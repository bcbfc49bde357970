import { WEBHOOK_EVENTS, type WebhookEventType } from '../webhook-events.js';
import type { Envelope } from './envelope.js';

/** Our own body, in the shape that the Standard Webhooks specification recommends. */
export const sentinelaEnvelope: Envelope = {
  words: Object.keys(WEBHOOK_EVENTS) as WebhookEventType[],
  render: ({ id, type, connectionId, ownerId, at, data: whole }) => {
    const { original: _, ...data } = whole as { original?: unknown };
    return { id, type, timestamp: new Date(at).toISOString(), connectionId, ownerId, data };
  },
};
