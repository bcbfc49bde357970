import type { WebhookContext } from './context.js';
import { deliveryKey, queueKey } from './keys.js';
import { DELIVERY_RETENTION_MS } from './retention.js';
import type { DeliveryRecord } from './records.js';

/** Writes down what an attempt came to: still `pending` keeps its place in the line, everything else leaves it. */
export function settleDelivery(context: WebhookContext, delivery: DeliveryRecord): Promise<void> {
  const { tables, writer, clock } = context.journal;
  // Deleted meanwhile: nothing of it may come back.
  if (!context.registry.has(delivery.webhookId)) return Promise.resolve();
  const { webhookId, connectionId, seq } = delivery;
  const waits = delivery.state === 'pending';
  const line = tables.deliveries.put(
    deliveryKey(webhookId, seq),
    delivery,
    waits ? 0 : clock.now() + DELIVERY_RETENTION_MS,
  );
  return writer.write(waits ? [line] : [line, tables.webhookQueue.remove(queueKey(webhookId, connectionId, seq))]);
}
