import { setImmediate as turn } from 'node:timers/promises';
import { seqKey } from '../record-keys.js';
import type { Write } from '../tables.js';
import { lineWrites, newDelivery } from './append-events.js';
import { account, DELIVERY_BYTES, wants, type WebhookContext } from './context.js';
import { deliveryKey } from './keys.js';
import type { DeliveryRecord, DeliveryState, EventRecord, WebhookRecord } from './records.js';

/** Which events are delivered (again): single ones, or all of a time. */
export interface ReplayRequest {
  /** Places in the log of events; empty = by time. */
  seqs: number[];
  since: number | null;
  until: number | null;
  /** Only deliveries that ended so; null = also events that were never in this webhook's line. */
  state: Exclude<DeliveryState, 'pending'> | null;
}

const SLICE = 200;

/** Puts events back into the webhook's line, at their old places: lower ones go out first. @returns how many */
export async function replayDeliveries(
  context: WebhookContext,
  webhook: WebhookRecord,
  request: ReplayRequest,
): Promise<number> {
  let replayed = 0;
  for (const events of request.seqs.length > 0 ? [single(context, request.seqs)] : slices(context)) {
    const chosen = events.flatMap((event) => again(context, webhook, event, request) ?? []);
    const joins = chosen.filter(({ isNew }) => isNew).map(({ event }) => joined(context, event, webhook.id));
    await context.journal.writer.write([...chosen.flatMap(({ delivery }) => lineWrites(context, delivery)), ...joins]);
    account(context, joins.length * DELIVERY_BYTES);
    replayed += chosen.length;
    await turn();
  }
  return replayed;
}

function single({ journal: { tables } }: WebhookContext, seqs: readonly number[]): EventRecord[] {
  return seqs.flatMap((seq) => tables.events.get(seqKey(seq)) ?? []);
}

function* slices({ journal: { tables }, lastSeq }: WebhookContext): Iterable<EventRecord[]> {
  let start = seqKey(0);
  for (;;) {
    const rows = tables.events.range({ start, end: seqKey(lastSeq + 1), limit: SLICE });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ value }) => value);
    start = seqKey(last.value.seq + 1);
  }
}

/** An event knows in whose lines it is: with it they are cleared. */
function joined({ journal: { tables } }: WebhookContext, event: EventRecord, webhookId: string): Write {
  return tables.events.put(seqKey(event.seq), { ...event, webhooks: [...event.webhooks, webhookId] });
}

interface Chosen {
  event: EventRecord;
  delivery: DeliveryRecord;
  /** It was never in this webhook's line. */
  isNew: boolean;
}

/** The delivery as it stands in the line again; null when it is not asked for. */
function again(
  context: WebhookContext,
  webhook: WebhookRecord,
  event: EventRecord,
  { seqs, since, until, state }: ReplayRequest,
): Chosen | null {
  const before = context.journal.tables.deliveries.get(deliveryKey(webhook.id, event.seq));
  if (seqs.length === 0) {
    if ((since !== null && event.at < since) || (until !== null && event.at > until)) return null;
    if (state !== null && before?.state !== state) return null;
  }
  const delivery = newDelivery(webhook.id, event);
  if (before === null) return wants(webhook, event) ? { event, delivery, isNew: true } : null;
  if (before.state === 'pending') return null;
  return { event, delivery: { ...delivery, replays: before.replays + 1 }, isNew: false };
}
