import type { WebhooksPort } from '../../../src/http/ports.js';
import type { DeliveryResource, WebhookResource } from '../../../src/integration/webhook-resources.js';

const UUID = '3f0e8c1a-6a1f-4f2e-9b7a-1f2e3d4c5b6a';
const NOW = '2026-01-02T03:04:05.000Z';

export function aWebhook(changes: Partial<WebhookResource> = {}): WebhookResource {
  return {
    ...{
      id: UUID,
      name: 'CRM',
      url: 'https://example.com/hook',
      ownerId: UUID,
      ownerText: null,
      companyId: null,
      companyText: null,
      connectionId: null,
    },
    ...{ events: ['*'], headers: { Authorization: '[redacted]' }, formato: 'sentinela', active: true, motivo: null },
    ...{ failingSince: null, pending: 0, oldestPendingAt: null, createdAt: NOW, updatedAt: NOW },
    ...changes,
  };
}

export function aDelivery(): DeliveryResource {
  return {
    ...{ seq: 7, eventId: 'evt_x', type: 'messageReceived', connectionId: 'c1', state: 'delivered', attempts: 1 },
    ...{ queuedAt: NOW, firstAttemptAt: NOW, lastAttemptAt: NOW, nextAttemptAt: null },
    ...{ status: 200, error: null, latencyMs: 12.5, replays: 0 },
  };
}

/** Answers of the webhook service, and what it was called with. */
export function scriptedWebhooks(calls: { name: string; args: unknown[] }[]): WebhooksPort {
  const said =
    <T>(name: string, answer: T) =>
    (...args: unknown[]) => {
      calls.push({ name, args });
      return answer;
    };
  return {
    create: async (...args) => said('createWebhook', { webhook: aWebhook(), secret: 'whsec_x' })(...args),
    list: said('listWebhooks', [aWebhook()]),
    get: said('getWebhook', aWebhook()),
    update: async (...args) => said('updateWebhook', { webhook: aWebhook(), secret: null })(...args),
    delete: async (...args) => said('deleteWebhook', undefined)(...args),
    test: async (...args) =>
      said('testWebhook', { ok: false, status: null, error: 'ECONNREFUSED', latencyMs: 1.5 })(...args),
    deliveries: said('listDeliveries', { data: [aDelivery()], nextCursor: 'next' }),
    replay: async (...args) => said('replayDeliveries', 3)(...args),
  };
}
