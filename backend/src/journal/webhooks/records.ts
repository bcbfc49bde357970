import type { PartyTexts } from '../../lib/party.js';

/** How the body of a delivery is shaped: our own, or as an Evolution API or a WAHA server would send it. */
export type WebhookFormat = 'sentinela' | 'evolution' | 'waha';

/** A secret that signs; `until` (ms since the epoch) ends an old one after a rotation, null = the current one. */
export interface WebhookSecret {
  value: string;
  until: number | null;
}

/** Somebody's URL that is told what happens. */
export interface WebhookRecord {
  /** A UUID. */
  id: string;
  name: string;
  url: string;
  /** Whose connections it hears of; null = everybody's, and what concerns the gateway as a whole. */
  ownerId: string | null;
  /** Only connections of this company, whoever owns them; absent or null = of any and of none. */
  companyId?: string | null;
  /** Texts that these ids were made of; absent when both were UUIDs. */
  texts?: PartyTexts;
  /** Only this connection; null = all of the owner's (of the company's). */
  connectionId: string | null;
  /** Event types; `*` = all. */
  events: string[];
  /** Sent with every delivery; values may be secrets. */
  headers: Record<string, string>;
  format: WebhookFormat;
  secrets: WebhookSecret[];
  /** `disabled` by a person, by the receiver (410), or after lasting failure: its line rests, and no event joins it. */
  state: 'active' | 'disabled';
  /** Why it is disabled. */
  reason: string | null;
  createdAt: number;
  updatedAt: number;
  /** Since when no delivery has succeeded, ms since the epoch; null while it works. */
  failingSince: number | null;
}

/** Whose something is. */
export interface Parties {
  ownerId: string | null;
  companyId: string | null;
}

/** Something that happened, before it has its place in the log of events. */
export interface NewEvent {
  /** The `webhook-id`: the same fact always has the same. */
  id: string;
  type: string;
  /** null = it concerns the gateway as a whole. */
  connectionId: string | null;
  ownerId: string | null;
  /** The company of the connection; absent on events of older versions. */
  companyId?: string | null;
  /** When it happened, ms since the epoch. */
  at: number;
  /** When it is no news any more (a QR code), ms since the epoch; null = never. */
  expiresAt: number | null;
  data: object;
}

/** An event that some webhook wants, or any while somebody listens; kept while a delivery waits for it, and for a replay. */
export interface EventRecord extends NewEvent {
  /** Place in the log of events. */
  seq: number;
  queuedAt: number;
  /** The webhooks in whose lines it was put. */
  webhooks: string[];
}

/**
 * - `pending`: in line. `delivered`: the receiver answered 2xx.
 * - `failed`: refused for good, or not taken for three days (a dead letter: replay it).
 * - `discarded`: given up without an answer (expired, or no room left).
 */
export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'discarded';

/** What became of one event at one webhook: a line of the ledger. */
export interface DeliveryRecord {
  webhookId: string;
  seq: number;
  eventId: string;
  type: string;
  connectionId: string | null;
  state: DeliveryState;
  attempts: number;
  /** All times in ms since the epoch. */
  queuedAt: number;
  firstAttemptAt: number | null;
  lastAttemptAt: number | null;
  nextAttemptAt: number | null;
  /** HTTP status of the last answer; null when there was none. */
  status: number | null;
  /** Why the last attempt did not succeed. */
  error: string | null;
  /** Of the last attempt. */
  latencyMs: number | null;
  /** How often a person asked for it again. */
  replays: number;
}
