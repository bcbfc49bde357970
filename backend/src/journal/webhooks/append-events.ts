import type { Urgency } from '../durable-writer.js';
import { seqKey } from '../record-keys.js';
import type { Write } from '../tables.js';
import { account, eventBytes, wants, type WebhookContext } from './context.js';
import { deliveryKey, queueKey } from './keys.js';
import { passOn, stored } from './recent.js';
import { lastSeqWrite } from './last-seq.js';
import type { DeliveryRecord, EventRecord, NewEvent } from './records.js';

/** Events with their places in every line that wants them, to be committed together with what they are about. */
export interface Append {
  writes: Write[];
  /** Call it once the writes are durable. */
  done(): void;
  /** Some line has got longer. */
  queued: boolean;
  /** Deliveries wait for the disk; whoever only listens was told already. */
  urgency: Urgency;
}

/**
 * An event that was appended before (the same id: a second receipt, a message that WhatsApp delivered twice) is left out,
 * and so is one that nobody wants. One that only switched-off webhooks want is kept for a replay, and every one while
 * somebody listens. Listeners are told at once: the commit has to be enqueued in the same turn.
 */
export function planAppend(context: WebhookContext, events: readonly NewEvent[]): Append {
  const writes: Write[] = [];
  const records: EventRecord[] = [];
  let bytes = 0;
  let queued = false;
  const seen = new Set<string>();
  for (const event of events) {
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    const plan = planEvent(context, event);
    if (plan === null) continue;
    writes.push(...plan.writes);
    records.push(plan.record);
    bytes += plan.bytes;
    queued ||= plan.record.webhooks.length > 0;
  }
  if (writes.length > 0) writes.push(lastSeqWrite(context));
  passOn(context, records);
  const done = () => {
    account(context, bytes);
    stored(context, records);
  };
  return { writes, queued, urgency: queued ? 'now' : 'soon', done };
}

function planEvent(context: WebhookContext, event: NewEvent) {
  const { tables, sealer, clock } = context.journal;
  const wanting = [...context.registry.values()].filter((webhook) => wants(webhook, event));
  if (wanting.length === 0 && context.listening === null) return null;
  const idKey = sealer.conceal(event.id);
  if (tables.eventIds.getRaw(idKey) !== undefined) return null;
  const webhooks = wanting.filter(({ state }) => state === 'active').map(({ id }) => id);
  const record: EventRecord = { ...event, seq: ++context.lastSeq, queuedAt: clock.now(), webhooks };
  const stored = tables.events.put(seqKey(record.seq), record);
  const lines = webhooks.flatMap((id) => lineWrites(context, newDelivery(id, record)));
  const writes = [stored, tables.eventIds.put(idKey, record.seq), ...lines];
  return { record, writes, bytes: eventBytes(stored.value as Buffer, record) };
}

/** A delivery that waits: in the ledger and in the line. */
export function lineWrites({ journal: { tables } }: WebhookContext, delivery: DeliveryRecord): Write[] {
  const { webhookId, connectionId, seq } = delivery;
  return [
    tables.deliveries.put(deliveryKey(webhookId, seq), delivery),
    tables.webhookQueue.put(queueKey(webhookId, connectionId, seq), null),
  ];
}

export function newDelivery(webhookId: string, event: EventRecord): DeliveryRecord {
  return {
    webhookId,
    seq: event.seq,
    eventId: event.id,
    type: event.type,
    connectionId: event.connectionId,
    state: 'pending',
    attempts: 0,
    queuedAt: event.queuedAt,
    firstAttemptAt: null,
    lastAttemptAt: null,
    nextAttemptAt: null,
    status: null,
    error: null,
    latencyMs: null,
    replays: 0,
  };
}
