import { readEntry } from './claim-entries.js';
import type { JournalContext } from './context.js';
import { seqKey } from './record-keys.js';
import type { DeadLetter } from './records.js';

/** Moves an entry that the database refuses for good out of the way, with the reason; the rest of the log goes on. */
export function parkEntry(context: JournalContext, seq: number, reason: DeadLetter['reason']): Promise<void> {
  return context.logChanges.run(async () => {
    const { tables } = context;
    const { log, dead } = tables;
    const key = seqKey(seq);
    const bytes = log.getRaw(key);
    if (bytes === undefined) return;
    const parked = dead.put(key, { entry: readEntry(tables, key, bytes), reason, at: context.clock.now() });
    await context.writer.write([log.remove(key), parked, context.sequence.remember()]);
    context.budget.remove(bytes.length);
    context.budget.add(parked.value?.length ?? 0);
  });
}
