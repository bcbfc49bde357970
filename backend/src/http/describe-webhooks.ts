import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { WEBHOOK_EVENTS, type WebhookEventType } from '../notifications/webhooks/webhook-events.js';
import { webhookBody, webhookHeaders } from './schemas/webhook-payloads.js';

/** Puts every event into the document's `webhooks`, in the format `sentinela`. */
export function describeWebhooks(registry: OpenAPIRegistry): void {
  for (const [type, summary] of Object.entries(WEBHOOK_EVENTS) as [WebhookEventType, string][]) {
    registry.registerWebhook({
      method: 'post',
      path: type,
      operationId: `on_${type}`,
      tags: ['webhooks'],
      summary,
      request: {
        headers: webhookHeaders,
        body: { required: true, content: { 'application/json': { schema: webhookBody(type) } } },
      },
      responses: {
        200: { description: 'Taken; any 2xx will do. 410 switches the webhook off, another 4xx refuses this event.' },
      },
    });
  }
}
