import { readEntry } from './claim-entries.js';
import type { JournalContext } from './context.js';
import { historyJobWrite } from './history-jobs.js';
import { newMediaJobWrites } from './media-jobs.js';
import { forgetPlaintexts } from './parts.js';
import { seqKey } from './record-keys.js';
import type { FollowUps } from './records.js';
import type { Write } from './tables.js';
import type { WebhookStore } from './webhooks/webhook-store.js';

/**
 * The rows exist: the entries leave the log for good, durably. Nobody waits for that, so it shares another commit's flush;
 * only deliveries and files that follow from them cannot wait. In the same commit what webhooks are to be told about them
 * is in their lines, and the files that they speak of are queued. Unknown seqs (completed before) are passed over.
 */
export function completeEntries(
  context: JournalContext,
  webhooks: WebhookStore,
  seqs: readonly number[],
  { events = [], media = [], history = [] }: FollowUps,
): Promise<void> {
  return context.logChanges.run(async () => {
    const { log } = context.tables;
    const writes: Write[] = [];
    const sizes: number[] = [];
    for (const seq of new Set(seqs)) {
      const key = seqKey(seq);
      const bytes = log.getRaw(key);
      if (bytes === undefined) continue;
      sizes.push(bytes.length);
      writes.push(log.remove(key), ...forgetPlaintexts(context.tables, readEntry(context.tables, key, bytes)));
    }
    if (writes.length === 0) return;
    const appended = webhooks.planAppend(events);
    const jobs = newMediaJobWrites(context, media);
    const histories = history.map((job) => historyJobWrite(context, job));
    const urgency = jobs.length + histories.length > 0 ? 'now' : appended.urgency;
    const follow = [...appended.writes, ...jobs, ...histories];
    await context.writer.write([...writes, ...follow, context.sequence.remember()], urgency);
    for (const size of sizes) context.budget.remove(size);
    webhooks.appended(appended);
    if (jobs.length > 0) context.events.emit('mediaQueued', null);
    if (history.length > 0) context.events.emit('historyQueued', null);
  });
}
