import type { DeliveryState, WebhookFormat } from '../journal/webhooks/records.js';
import type { PartyTexts } from '../lib/party.js';

/** A webhook as the API shows it: no secret, no values of headers. Times are ISO 8601 in UTC. */
export interface WebhookResource {
  id: string;
  name: string;
  url: string;
  /** null = of every owner, and of the gateway itself. */
  ownerId: string | null;
  /** The text that the id was made of; null for a UUID. */
  ownerText: string | null;
  /** Set: it hears of the connections of this company, whoever owns them, and whoever belongs to it sees and changes it. */
  companyId: string | null;
  companyText: string | null;
  /** null = all connections of the owner (of the company). */
  connectionId: string | null;
  /** `*` = all. */
  events: string[];
  /** The names, with `[redacted]` as values. */
  headers: Record<string, string>;
  formato: WebhookFormat;
  active: boolean;
  /** Why it is not active. */
  motivo: string | null;
  /** Since when no delivery has succeeded; null while it works. */
  failingSince: string | null;
  /** Deliveries that wait, and since when the oldest does. */
  pending: number;
  oldestPendingAt: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface CreateWebhookInput {
  url: string;
  name?: string | undefined;
  ownerId?: string | null | undefined;
  companyId?: string | null | undefined;
  /** Texts that these ids were made of. */
  texts?: PartyTexts | undefined;
  connectionId?: string | null | undefined;
  events?: string[] | undefined;
  headers?: Record<string, string> | undefined;
  formato?: WebhookFormat | undefined;
  secret?: string | undefined;
}

export interface UpdateWebhookInput {
  url?: string | undefined;
  name?: string | undefined;
  events?: string[] | undefined;
  headers?: Record<string, string> | undefined;
  formato?: WebhookFormat | undefined;
  active?: boolean | undefined;
  /** `rotate` makes a new one; the old one signs beside it for a day. */
  secret?: string | undefined;
}

/** What came of the one attempt of a test. */
export interface WebhookTestResource {
  ok: boolean;
  /** HTTP status; null when there was no answer. */
  status: number | null;
  error: string | null;
  latencyMs: number;
}

/** One line of the ledger. Times are ISO 8601 in UTC. */
export interface DeliveryResource {
  /** Its name in the API; also the order of the events. */
  seq: number;
  /** The `webhook-id` header. */
  eventId: string;
  type: string;
  connectionId: string | null;
  state: DeliveryState;
  attempts: number;
  queuedAt: string;
  firstAttemptAt: string | null;
  lastAttemptAt: string | null;
  nextAttemptAt: string | null;
  status: number | null;
  error: string | null;
  latencyMs: number | null;
  replays: number;
}

export interface ReplayInput {
  /** `seq`s of deliveries. */
  deliveries?: number[] | undefined;
  since?: string | undefined;
  until?: string | undefined;
  state?: Exclude<DeliveryState, 'pending'> | undefined;
}
