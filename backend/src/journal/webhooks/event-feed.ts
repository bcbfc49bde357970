import { randomBytes } from 'node:crypto';
import { seqKey } from '../record-keys.js';
import type { WebhookContext } from './context.js';
import { clearListening, listeningWrite } from './listening.js';
import type { EventRecord } from './records.js';

/** A place in the log of events as listeners keep it: which log, and the seq in it. */
const PLACE = /^([0-9a-f]{12})\.(0|[1-9]\d{0,14})$/;
const HOUR_MS = 60 * 60 * 1000;

/**
 * The log of events for whoever reads all of it in order (WebSockets). From the first `listen` on every event is kept, not
 * only those that a webhook wants; when nobody has listened for as long as events are kept, that ends by itself.
 */
export class EventFeed {
  constructor(private readonly context: WebhookContext) {}

  /** Somebody listens now. Durable when it resolves; costs a commit once an hour. @throws GatewayError `JOURNAL_FAILED` */
  async listen(): Promise<void> {
    const { listening, lastSeq, journal } = this.context;
    const now = journal.clock.now();
    if (listening && now - listening.usedAt < HOUR_MS) return;
    const epoch = listening ?? { id: randomBytes(6).toString('hex'), from: lastSeq };
    // At once: an event that is appended while this is being written must be kept, too.
    this.context.listening = { ...epoch, usedAt: now };
    try {
      await journal.writer.write([listeningWrite(this.context)]);
    } catch (error) {
      this.context.listening = listening;
      throw error;
    }
  }

  /** Nobody will listen any more (WebSockets are switched off). */
  async end(): Promise<void> {
    await this.context.journal.writer.write(clearListening(this.context));
  }

  /** The place of the newest event; it may still be on its way to the disk. */
  get last(): number {
    return this.context.lastSeq;
  }

  /** Events after a place, the oldest first; fewer than `limit` = no more. The newest come before they are on the disk. */
  after(seq: number, limit: number): EventRecord[] {
    const { recent, lastSeq, journal } = this.context;
    const first = recent[0]?.seq ?? lastSeq + 1;
    if (seq >= first - 1) return recent.slice(seq + 1 - first, seq + 1 - first + limit);
    const rows = journal.tables.events.range({ start: seqKey(seq + 1), end: seqKey(first), limit });
    return [...rows.map(({ value }) => value), ...recent.slice(0, limit - rows.length)];
  }

  /** How a listener names a place, or the last before it that is on the disk: only that one outlives a crash. */
  nameOf(seq: number): string {
    const { listening, storedTo } = this.context;
    return `${listening?.id ?? ''}.${Math.min(seq, storedTo)}`;
  }

  /** @param since an event's id, or what `nameOf` gave @returns its place; null when events after it may be missing here */
  find(since: string): number | null {
    const seq = this.#seqOf(since);
    return seq !== null && this.isWhole(seq) ? seq : null;
  }

  /** Whether all that came after a place is still here. */
  isWhole(seq: number): boolean {
    const { listening, lastSeq, trimmedTo } = this.context;
    return listening !== null && seq <= lastSeq && seq >= Math.max(listening.from, trimmedTo);
  }

  /** A hint that there are new events. @returns the function that stops listening */
  onEvents(listener: () => void): () => void {
    return this.context.journal.events.on('eventsPlanned', listener);
  }

  #seqOf(since: string): number | null {
    const [, epoch, seq] = PLACE.exec(since) ?? [];
    if (epoch !== undefined) return epoch === this.context.listening?.id ? Number(seq) : null;
    const { recent, journal } = this.context;
    const known = recent.find(({ id }) => id === since)?.seq;
    return known ?? journal.tables.eventIds.get(journal.sealer.conceal(since));
  }
}
