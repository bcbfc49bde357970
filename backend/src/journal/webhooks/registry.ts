import { afterPrefix } from '../record-keys.js';
import { account, DELIVERY_BYTES, type WebhookContext } from './context.js';
import { webhookKey } from './keys.js';
import type { WebhookRecord } from './records.js';

const SLICE = 1000;

/** Creates a webhook, durably. */
export async function addWebhook(context: WebhookContext, record: WebhookRecord): Promise<void> {
  const { tables, writer } = context.journal;
  await writer.write([tables.webhooks.put(webhookKey(record.id), record)]);
  context.registry.set(record.id, record);
}

/** Changes a webhook, durably, one change after the other. @returns what it is now; null when there is none */
export function updateWebhook(
  context: WebhookContext,
  id: string,
  change: (now: WebhookRecord) => WebhookRecord,
): Promise<WebhookRecord | null> {
  return context.changes.run(async () => {
    const { tables, writer } = context.journal;
    const before = context.registry.get(id);
    if (before === undefined) return null;
    const after = change(before);
    if (after === before) return before;
    await writer.write([tables.webhooks.put(webhookKey(id), after)]);
    context.registry.set(id, after);
    return after;
  });
}

/** Forgets a webhook with its line and its ledger. @returns false when there is none */
export async function deleteWebhook(context: WebhookContext, id: string): Promise<boolean> {
  const forgotten = await context.changes.run(async () => {
    if (!context.registry.has(id)) return false;
    await context.journal.writer.write([context.journal.tables.webhooks.remove(webhookKey(id))]);
    return context.registry.delete(id);
  });
  if (forgotten) await clear(context, id);
  return forgotten;
}

async function clear(context: WebhookContext, id: string): Promise<void> {
  const { tables, writer } = context.journal;
  const start = webhookKey(id);
  for (const table of [tables.webhookQueue, tables.deliveries]) {
    for (;;) {
      const rows = table.rangeRaw({ start, end: afterPrefix(start), limit: SLICE });
      if (rows.length === 0) break;
      await writer.write(rows.map(({ key }) => table.remove(key)));
      if (table === tables.deliveries) account(context, -rows.length * DELIVERY_BYTES);
    }
  }
}
