import type { JournalContext } from './context.js';
import { connectionKey, ownedKey, seqKey } from './record-keys.js';
import type { LogEntry, OutboxRecord, OutboxState } from './records.js';
import { RETENTION_MS } from './retention.js';
import type { Write } from './tables.js';

/** Places read at once. */
const SLICE = 256;
const FINISHED: Record<OutboxState, boolean> = { accepted: false, sending: false, sent: true, failed: true };

/** A send by the id it goes out under; finished ones for 14 days, since recipients may ask for the message again. */
export function getOutbox(context: JournalContext, connectionId: string, whatsappId: string): OutboxRecord | null {
  return context.tables.outbox.get(ownedKey(connectionId, context.sealer.conceal(whatsappId)));
}

/**
 * What has to be sent, in the order of acceptance, from after the place `afterSeq`. Read in slices as it is consumed, so
 * that a caller who stops early has not paid for a backlog of many thousands.
 */
export function* listUnfinishedOutbox(
  context: JournalContext,
  connectionId?: string,
  afterSeq = 0,
): Generator<OutboxRecord, void, undefined> {
  const { outbox, unfinished } = context.tables;
  const owner = connectionId === undefined ? Buffer.alloc(0) : connectionKey(connectionId);
  let start = seqKey(afterSeq + 1);
  for (;;) {
    const places = unfinished.range({ start, limit: SLICE });
    for (const { value: key } of places) {
      if (!key.subarray(0, owner.length).equals(owner)) continue;
      const record = outbox.get(key);
      if (record !== null && !FINISHED[record.state]) yield record;
    }
    const last = places.at(-1);
    if (last === undefined || places.length < SLICE) return;
    start = Buffer.concat([last.key, Buffer.of(0)]);
  }
}

/**
 * The record, and its place among the unfinished ones. With `seq: 0` it keeps the place that it has; a new one gets that of
 * the `outgoing` entry of the same message in this batch (or, without one, the next place).
 */
export function outboxWrites(context: JournalContext, record: OutboxRecord, entries: readonly LogEntry[]): Write[] {
  const { outbox, unfinished } = context.tables;
  const key = ownedKey(record.connectionId, context.sealer.conceal(record.whatsappId));
  const finished = FINISHED[record.state];
  const seq = record.seq > 0 ? record.seq : placeOf(record, entries, context);
  const expiresAt = finished ? record.acceptedAt + RETENTION_MS.outbox : 0;
  const place = Buffer.concat([seqKey(seq), key]);
  return [
    outbox.put(key, { ...record, seq }, expiresAt),
    finished ? unfinished.remove(place) : unfinished.put(place, key),
  ];
}

function placeOf(record: OutboxRecord, entries: readonly LogEntry[], context: JournalContext): number {
  // First of all: what changes another message has its entry only when it ends, and would leave its first place behind.
  const known = getOutbox(context, record.connectionId, record.whatsappId);
  if (known) return known.seq;
  const entry = entries.find(
    (candidate) =>
      candidate.kind === 'outgoing' &&
      candidate.connectionId === record.connectionId &&
      candidate.whatsappId === record.whatsappId,
  );
  return entry?.seq ?? context.sequence.next();
}
