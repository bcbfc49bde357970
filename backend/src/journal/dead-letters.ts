import type { JournalContext } from './context.js';
import { forgetPlaintexts } from './parts.js';
import { seqKey } from './record-keys.js';
import type { DeadLetter } from './records.js';
import type { Tables } from './tables.js';

/** In the order of the log, after `afterSeq`. */
export function listDeadLetters(tables: Tables, limit: number, afterSeq = 0): DeadLetter[] {
  if (limit <= 0) return [];
  return tables.dead.range({ start: seqKey(afterSeq + 1), limit }).map(({ value }) => value);
}

/** Back into the log at its old place. @returns false when there is no such dead letter */
export function retryDeadLetter(context: JournalContext, seq: number): Promise<boolean> {
  return context.logChanges.run(async () => {
    const { log, dead } = context.tables;
    const key = seqKey(seq);
    const bytes = dead.getRaw(key);
    if (bytes === undefined) return false;
    const { entry } = dead.decode(key, bytes);
    const back = log.put(key, entry);
    await context.writer.write([dead.remove(key), back]);
    context.budget.remove(bytes.length);
    context.budget.add(back.value?.length ?? 0);
    context.events.emit('appended', [entry.kind]);
    return true;
  });
}

/** A person gives it up: it will never be a row. @returns false when there is no such dead letter */
export function discardDeadLetter(context: JournalContext, seq: number): Promise<boolean> {
  return context.logChanges.run(async () => {
    const { tables } = context;
    const key = seqKey(seq);
    const bytes = tables.dead.getRaw(key);
    if (bytes === undefined) return false;
    const { entry } = tables.dead.decode(key, bytes);
    await context.writer.write([
      tables.dead.remove(key),
      ...forgetPlaintexts(tables, entry),
      context.sequence.remember(),
    ]);
    context.budget.remove(bytes.length);
    return true;
  });
}
