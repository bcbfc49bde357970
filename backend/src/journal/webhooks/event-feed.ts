import { randomBytes } from 'node:crypto';
import { seqKey } from '../record-keys.js';
import type { WebhookContext } from './context.js';
import { readLastSeq } from './last-seq.js';
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

  /** The place of the newest event that is on the disk; 0 before the first. */
  get lastStored(): number {
    return readLastSeq(this.context.journal.tables);
  }

  /** Events on the disk after a place, the oldest first. */
  after(seq: number, limit: number): EventRecord[] {
    const end = seqKey(this.context.lastSeq + 1);
    const { events } = this.context.journal.tables;
    return events.range({ start: seqKey(seq + 1), end, limit }).map(({ value }) => value);
  }

  /** How a listener names a place. */
  nameOf(seq: number): string {
    return `${this.context.listening?.id ?? ''}.${seq}`;
  }

  /** @param since an event's id, or what `nameOf` gave @returns its place; null when events after it may be missing here */
  find(since: string): number | null {
    const { listening, trimmedTo } = this.context;
    const seq = this.#seqOf(since);
    if (listening === null || seq === null || seq > this.lastStored) return null;
    return seq >= Math.max(listening.from, trimmedTo) ? seq : null;
  }

  /** A hint that events are on the disk. @returns the function that stops listening */
  onStored(listener: () => void): () => void {
    return this.context.journal.events.on('eventsStored', listener);
  }

  #seqOf(since: string): number | null {
    const [, epoch, seq] = PLACE.exec(since) ?? [];
    if (epoch !== undefined) return epoch === this.context.listening?.id ? Number(seq) : null;
    const { tables, sealer } = this.context.journal;
    return tables.eventIds.get(sealer.conceal(since));
  }
}
