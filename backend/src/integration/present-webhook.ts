import type { DeliveryRecord, WebhookRecord } from '../journal/webhooks/records.js';
import { textOf } from '../lib/party.js';
import type { DeliveryResource, WebhookResource } from './webhook-resources.js';

/** A webhook as the API shows it. */
export function presentWebhook(
  record: WebhookRecord,
  backlog: { pending: number; oldestPendingAt: number | null },
): WebhookResource {
  return {
    id: record.id,
    name: record.name,
    url: record.url,
    ownerId: record.ownerId,
    ownerText: textOf(record.texts, record.ownerId),
    companyId: record.companyId ?? null,
    companyText: textOf(record.texts, record.companyId ?? null),
    connectionId: record.connectionId,
    events: record.events,
    headers: Object.fromEntries(Object.keys(record.headers).map((name) => [name, '[redacted]'])),
    formato: record.format,
    active: record.state === 'active',
    motivo: record.reason,
    failingSince: iso(record.failingSince),
    pending: backlog.pending,
    oldestPendingAt: iso(backlog.oldestPendingAt),
    createdAt: isoTime(record.createdAt),
    updatedAt: isoTime(record.updatedAt),
  };
}

/** A line of the ledger as the API shows it. */
export function presentDelivery(record: DeliveryRecord): DeliveryResource {
  const { seq, eventId, type, connectionId, state, attempts, status, error, latencyMs, replays } = record;
  return {
    ...{ seq, eventId, type, connectionId, state, attempts, status, error, latencyMs, replays },
    queuedAt: isoTime(record.queuedAt),
    firstAttemptAt: iso(record.firstAttemptAt),
    lastAttemptAt: iso(record.lastAttemptAt),
    nextAttemptAt: iso(record.nextAttemptAt),
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
