import type { JournalContext } from '../context.js';
import type { SerialQueue } from '../serial-queue.js';
import type { Listening } from './listening.js';
import type { EventRecord, NewEvent, Parties, WebhookRecord } from './records.js';

/** What a delivery costs beside its event: a line of the ledger and a place in the queue. */
export const DELIVERY_BYTES = 400;

/** What the verbs on webhooks share. The registry is small and read for every event, so it is held in memory. */
export interface WebhookContext {
  journal: JournalContext;
  registry: Map<string, WebhookRecord>;
  /** Changes of the registry read first, then write: one after the other. */
  changes: SerialQueue;
  /** Whose a connection is; nobody's when it is not known any more. */
  partiesOf(connectionId: string): Parties;
  /** The last place that was given in the log of events. */
  lastSeq: number;
  /** Set while somebody reads the whole log: then every event is kept. */
  listening: Listening | null;
  /** The newest events, without a gap, those included that are on their way to the disk; empty while nobody listens. */
  recent: EventRecord[];
  /** Up to this place events are on the disk. */
  storedTo: number;
  /** Up to this place events were cleared. */
  trimmedTo: number;
  /** Bytes of events and deliveries, and how many of them may be. */
  bytes: { live: number; max: number };
}

/** Adds to (or, negative, takes from) what webhooks use; the journal's budget counts the same bytes. */
export function account({ bytes, journal }: WebhookContext, delta: number): void {
  bytes.live += delta;
  journal.budget.addOther(delta);
}

/** Whether a webhook hears of such an event, switched off or not. */
export function wants(webhook: WebhookRecord, event: NewEvent): boolean {
  const { companyId = null } = webhook;
  if (companyId !== null && companyId !== (event.companyId ?? null)) return false;
  if (webhook.ownerId !== null && webhook.ownerId !== event.ownerId) return false;
  if (webhook.connectionId !== null && webhook.connectionId !== event.connectionId) return false;
  return webhook.events.includes('*') || webhook.events.includes(event.type);
}

export function eventBytes(stored: Buffer, event: Pick<EventRecord, 'webhooks'>): number {
  return stored.length + event.webhooks.length * DELIVERY_BYTES;
}
