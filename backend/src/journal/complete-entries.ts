import type { JournalContext } from './context.js';
import { newMediaJobWrites } from './media-jobs.js';
import { forgetPlaintexts } from './parts.js';
import { seqKey } from './record-keys.js';
import type { MediaJob } from './records.js';
import type { Write } from './tables.js';

/**
 * The rows exist: the entries leave the log for good, durably, and in the same commit the files that they speak of are
 * queued. Unknown seqs (completed before) are passed over.
 */
export function completeEntries(
  context: JournalContext,
  seqs: readonly number[],
  media: readonly MediaJob[] = [],
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
      writes.push(log.remove(key), ...forgetPlaintexts(context.tables, log.decode(key, bytes)));
    }
    if (writes.length === 0) return;
    const jobs = newMediaJobWrites(context, media);
    await context.writer.write([...writes, ...jobs, context.sequence.remember()]);
    for (const size of sizes) context.budget.remove(size);
    if (jobs.length > 0) context.events.emit('mediaQueued', null);
  });
}
