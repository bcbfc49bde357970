import { setImmediate as turn } from 'node:timers/promises';
import { seqKey } from '../record-keys.js';
import type { Row, Write } from '../tables.js';
import { account, eventBytes, type WebhookContext } from './context.js';
import { deliveryKey, queueKey } from './keys.js';
import { clearListening, trimmedWrite } from './listening.js';
import { DELIVERY_RETENTION_MS, EVENT_RETENTION_MS } from './retention.js';
import type { EventRecord } from './records.js';

const SLICE = 200;
/** Trimmed down to this part of the share, so that not every event trims. */
const LOW_WATER = 0.9;

export interface Trimmed {
  events: number;
  /** Deliveries that were given up because there was no room left, or after the retention. */
  discarded: number;
}

/**
 * Removes events: past their retention; then, while webhooks use more than their share of the journal, the oldest of those
 * that nobody waits for; then the oldest of all. The last is a loss, and the caller says so to a person.
 */
export async function trimEvents(context: WebhookContext, now: number): Promise<Trimmed> {
  const { bytes } = context;
  const over = () => bytes.live > bytes.max;
  await forgetListeners(context, now);
  const trimmed = await pass(context, ({ queuedAt }) => (queuedAt <= now - EVENT_RETENTION_MS ? 'remove' : 'stop'));
  if (!over()) return trimmed;
  const full = () => bytes.live > bytes.max * LOW_WATER;
  const settled = await pass(context, (event) => {
    if (!full()) return 'stop';
    return isWaitedFor(context, event) ? 'keep' : 'remove';
  });
  trimmed.events += settled.events;
  if (!over()) return trimmed;
  const lost = await pass(context, () => (full() ? 'remove' : 'stop'));
  return { events: trimmed.events + lost.events, discarded: trimmed.discarded + lost.discarded };
}

/** Whoever has not come back by now would find nothing to go on from. */
async function forgetListeners(context: WebhookContext, now: number): Promise<void> {
  const { listening, journal } = context;
  if (listening === null || listening.usedAt > now - EVENT_RETENTION_MS) return;
  await journal.writer.write(clearListening(context));
}

/** Goes through the events from the oldest; what is appended meanwhile is not what has to go. */
async function pass(
  context: WebhookContext,
  judge: (event: EventRecord) => 'remove' | 'keep' | 'stop',
): Promise<Trimmed> {
  const { tables, writer } = context.journal;
  const trimmed: Trimmed = { events: 0, discarded: 0 };
  const end = seqKey(context.lastSeq + 1);
  let start = seqKey(0);
  for (;;) {
    const rows = tables.events.rangeRaw({ start, end, limit: SLICE });
    const last = rows.at(-1);
    if (last === undefined) return trimmed;
    const writes: Write[] = [];
    let stopped = false;
    for (const row of rows) {
      const event = tables.events.decode(row.key, row.value);
      const verdict = judge(event);
      stopped = verdict === 'stop';
      if (stopped) break;
      if (verdict === 'keep') continue;
      trimmed.events += 1;
      trimmed.discarded += removal(context, row, event, writes);
    }
    if (writes.length > 0) writes.push(trimmedWrite(context));
    await writer.write(writes);
    if (stopped) return trimmed;
    start = Buffer.concat([last.key, Buffer.of(0)]);
    await turn();
  }
}

/** Adds what removes an event. @returns how many deliveries are given up with it */
function removal(context: WebhookContext, { key, value }: Row<Buffer>, event: EventRecord, writes: Write[]): number {
  const { tables, sealer, clock } = context.journal;
  writes.push(tables.events.remove(key), tables.eventIds.remove(sealer.conceal(event.id)));
  account(context, -eventBytes(value, event));
  context.trimmedTo = Math.max(context.trimmedTo, event.seq);
  let discarded = 0;
  for (const id of event.webhooks) {
    const delivery = tables.deliveries.get(deliveryKey(id, event.seq));
    if (delivery === null) continue;
    if (delivery.state !== 'pending') {
      writes.push(tables.deliveries.remove(deliveryKey(id, event.seq)));
      continue;
    }
    const given = { ...delivery, state: 'discarded' as const, error: 'no room left, or older than the retention' };
    writes.push(
      tables.deliveries.put(deliveryKey(id, event.seq), given, clock.now() + DELIVERY_RETENTION_MS),
      tables.webhookQueue.remove(queueKey(id, event.connectionId, event.seq)),
    );
    discarded += 1;
  }
  return discarded;
}

function isWaitedFor({ journal: { tables } }: WebhookContext, event: EventRecord): boolean {
  return event.webhooks.some(
    (id) => tables.webhookQueue.getRaw(queueKey(id, event.connectionId, event.seq)) !== undefined,
  );
}
