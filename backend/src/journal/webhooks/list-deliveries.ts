import { afterPrefix, seqKey, seqOfKey } from '../record-keys.js';
import type { WebhookContext } from './context.js';
import { deliveryKey, webhookKey } from './keys.js';
import type { DeliveryRecord, DeliveryState, EventRecord } from './records.js';

/** Lines of the ledger that are looked at for one page; a rare state may give a short page with a cursor. */
const MOST_READ = 5000;

export interface DeliveryPage {
  deliveries: DeliveryRecord[];
  /** The next page is before this place; null = there is none. */
  beforeSeq: number | null;
}

/** The ledger of a webhook, newest first. */
export function listDeliveries(
  { journal: { tables } }: WebhookContext,
  webhookId: string,
  page: { limit: number; beforeSeq: number | null; state: DeliveryState | null },
): DeliveryPage {
  const prefix = webhookKey(webhookId);
  const start = page.beforeSeq === null ? afterPrefix(prefix) : deliveryKey(webhookId, page.beforeSeq);
  const rows = tables.deliveries.rangeRaw({ start, end: prefix, reverse: true, limit: MOST_READ });
  const deliveries: DeliveryRecord[] = [];
  for (const { key, value } of rows) {
    // A reverse range includes its start, which the page before has shown.
    if (key.equals(start)) continue;
    const delivery = tables.deliveries.decode(key, value);
    if (page.state === null || delivery.state === page.state) deliveries.push(delivery);
    if (deliveries.length === page.limit) return { deliveries, beforeSeq: delivery.seq };
  }
  const last = rows.length === MOST_READ ? rows.at(-1) : undefined;
  if (last !== undefined) return { deliveries, beforeSeq: seqOfKey(last.key.subarray(prefix.length)) };
  return { deliveries, beforeSeq: null };
}

export function getDelivery({ journal: { tables } }: WebhookContext, webhookId: string, seq: number) {
  return tables.deliveries.get(deliveryKey(webhookId, seq));
}

export function getEvent({ journal: { tables } }: WebhookContext, seq: number): EventRecord | null {
  return tables.events.get(seqKey(seq));
}
