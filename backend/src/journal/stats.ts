import { claimEntries } from './claim-entries.js';
import type { JournalContext } from './context.js';

export interface JournalStats {
  /** Entries that are not rows yet. */
  pendingEntries: number;
  /** When the oldest of them was journaled, ms since the epoch. */
  oldestPendingAt: number | null;
  deadLetters: number;
  /** Sends that neither the server accepted nor a final error ended. */
  outboxUnfinished: number;
  /** Files of messages that are not in the media store yet. */
  mediaWaiting: number;
  /** Bytes of entries and dead letters, and the budget that they may use. */
  liveBytes: number;
  maxBytes: number;
  /** Durable LMDB transactions since the journal was opened. */
  flushes: number;
}

export function journalStats({ tables, budget, writer }: JournalContext): JournalStats {
  const [oldest] = claimEntries(tables, 1);
  return {
    pendingEntries: tables.log.count(),
    oldestPendingAt: oldest && oldest.kind !== 'unreadable' ? oldest.at : null,
    deadLetters: tables.dead.count(),
    outboxUnfinished: tables.unfinished.count(),
    mediaWaiting: tables.mediaDue.count(),
    liveBytes: budget.liveBytes,
    maxBytes: budget.maxBytes,
    flushes: writer.flushes,
  };
}
