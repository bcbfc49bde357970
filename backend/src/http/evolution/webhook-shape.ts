import { z } from 'zod';
import type { Scope } from '../../integration/resources.js';
import type { WebhookResource } from '../../integration/webhook-resources.js';
import type { EvolutionPorts } from './port.js';

/** Evolution's subscriptions, as our types of events. What is not here never happens with us. */
const EVENTS: Record<string, string[]> = {
  MESSAGES_UPSERT: ['messageReceived', 'messageSent', 'messageReaction'],
  SEND_MESSAGE: ['messageSent'],
  MESSAGES_UPDATE: ['messageStatus'],
  MESSAGES_EDITED: ['messageEdited'],
  MESSAGES_DELETE: ['messageDeleted'],
  CONTACTS_UPSERT: ['contactUpdated'],
  CONTACTS_UPDATE: ['contactUpdated'],
  CONNECTION_UPDATE: ['connectionState'],
  QRCODE_UPDATED: ['qr'],
};

/** The one webhook of an instance that Evolution's routes manage; others of the connection are not theirs. */
const NAME = 'evolution';

export const webhookFields = z.looseObject({
  enabled: z.boolean().default(true),
  url: z.string().max(2048).meta({ example: 'https://n8n.example.com/webhook/whatsapp' }),
  headers: z.record(z.string(), z.string()).optional(),
  byEvents: z.literal(false, 'must be false: all events go to one address').default(false),
  base64: z
    .boolean()
    .default(false)
    .meta({ description: 'Passed over: files are fetched by getBase64FromMediaMessage.' }),
  events: z.array(z.string().max(64)).max(64).default([]).meta({ description: 'Empty = all of them.' }),
});
export type WebhookFields = z.output<typeof webhookFields>;

type Ports = EvolutionPorts['webhooks'];

/** Creates or changes the instance's webhook. @throws what creating a webhook throws */
export async function setWebhook(
  webhooks: Ports,
  connectionId: string,
  { enabled, url, headers, events }: WebhookFields,
  scope: Scope | null,
): Promise<WebhookResource> {
  const wanted = { url, headers: headers ?? {}, events: typesOf(events), formato: 'evolution' as const };
  const existing = findWebhook(webhooks, connectionId, scope);
  const { id } = existing ?? (await webhooks.create({ ...wanted, name: NAME, connectionId }, scope)).webhook;
  return (await webhooks.update(id, { ...wanted, active: enabled }, scope)).webhook;
}

export function findWebhook(webhooks: Ports, connectionId: string, scope: Scope | null): WebhookResource | undefined {
  return webhooks.list(scope).find((each) => each.connectionId === connectionId && each.name === NAME);
}

/** What `set` and `find` answer. */
export function webhookRecord(webhook: WebhookResource) {
  return {
    id: webhook.id,
    url: webhook.url,
    headers: webhook.headers,
    enabled: webhook.active,
    events: Object.keys(EVENTS).filter((name) => EVENTS[name]!.every((type) => webhook.events.includes(type))),
    webhookByEvents: false,
    webhookBase64: false,
    createdAt: webhook.createdAt,
    updatedAt: webhook.updatedAt,
    instanceId: webhook.connectionId,
  };
}

function typesOf(events: string[]): string[] {
  const asked =
    events.length === 0 ? Object.keys(EVENTS) : events.map((name) => name.toUpperCase().replaceAll('.', '_'));
  return [...new Set(asked.flatMap((name) => EVENTS[name] ?? []))];
}
