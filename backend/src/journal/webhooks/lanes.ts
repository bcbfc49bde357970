import { afterPrefix, seqKey } from '../record-keys.js';
import type { WebhookContext } from './context.js';
import { deliveryKey, laneKey, readQueueKey, webhookKey } from './keys.js';
import type { DeliveryRecord, EventRecord } from './records.js';

/** What stands first in a line. */
export interface QueueHead {
  delivery: DeliveryRecord;
  /** null when the event itself is gone. */
  event: EventRecord | null;
}

/** The connections about which something waits for this webhook (null = the gateway itself); reads one key a lane. */
export function listLanes({ journal: { tables } }: WebhookContext, webhookId: string): (string | null)[] {
  const prefix = webhookKey(webhookId);
  const end = afterPrefix(Buffer.concat([prefix]));
  const lanes: (string | null)[] = [];
  let start = prefix;
  for (;;) {
    const [row] = tables.webhookQueue.rangeRaw({ start, end, limit: 1 });
    if (row === undefined) return lanes;
    const { lane, connectionId } = readQueueKey(row.key);
    lanes.push(connectionId);
    start = afterPrefix(lane);
  }
}

/** The oldest that waits in a lane; null when the lane is empty. */
export function headOf(context: WebhookContext, webhookId: string, connectionId: string | null): QueueHead | null {
  const { tables } = context.journal;
  const start = laneKey(webhookId, connectionId);
  const [row] = tables.webhookQueue.rangeRaw({ start, end: afterPrefix(start), limit: 1 });
  if (row === undefined) return null;
  const { seq } = readQueueKey(row.key);
  const delivery = tables.deliveries.get(deliveryKey(webhookId, seq));
  if (delivery === null) return { delivery: lost(webhookId, connectionId, seq), event: null };
  return { delivery, event: tables.events.get(seqKey(seq)) };
}

/** How many wait for a webhook, counted up to `most`, and since when the oldest does. */
export function backlogOf(context: WebhookContext, webhookId: string, most: number) {
  const { tables } = context.journal;
  const start = webhookKey(webhookId);
  let pending = 0;
  for (const _key of tables.webhookQueue.db.getKeys({ start, end: afterPrefix(start), limit: most })) pending++;
  const heads = listLanes(context, webhookId).map((lane) => headOf(context, webhookId, lane)?.delivery.queuedAt);
  const times = heads.filter((at) => at !== undefined);
  return { pending, oldestPendingAt: times.length > 0 ? Math.min(...times) : null };
}

/** A place in a line without its ledger entry cannot be; if it is, it must not hold the line. */
function lost(webhookId: string, connectionId: string | null, seq: number): DeliveryRecord {
  const times = { queuedAt: 0, firstAttemptAt: null, lastAttemptAt: null, nextAttemptAt: null };
  const outcome = { status: null, error: null, latencyMs: null, replays: 0 };
  return { webhookId, seq, eventId: '', type: '', connectionId, state: 'pending', attempts: 0, ...times, ...outcome };
}
