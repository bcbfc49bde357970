import type { Journal } from '../journal/journal.js';
import type { OutboxRecord } from '../journal/records.js';
import type { SendQueue } from './send-queue.js';

/**
 * Which of a connection's unfinished messages are held in memory: the oldest ones, up to a window. The others stay in the
 * journal until half of the window is gone, so a backlog of any size costs the same.
 */
export class OutboxWindow {
  /** The journal has, or may have, messages after the last one loaded. */
  #more = true;
  #loadedSeq = 0;

  constructor(
    private readonly queue: SendQueue,
    private readonly options: {
      connectionId: string;
      journal: Pick<Journal, 'listUnfinishedOutbox'>;
      /** Messages held at most. */
      window: number;
    },
  ) {}

  /** Whether a message accepted now waits in the journal behind older ones. */
  get more(): boolean {
    return this.#more;
  }

  /** The queue is empty again: reads the journal from its start. */
  reopen(): void {
    this.#more = true;
    this.#loadedSeq = 0;
  }

  /** A record that has just become durable: held if there is room and nothing older is left out. */
  take(record: OutboxRecord): void {
    if (!this.#more && this.queue.size >= this.options.window) this.#more = true;
    const begun = record.state === 'sending' ? record : null;
    if (!this.#more && this.queue.add(record, begun)) this.#loadedSeq = Math.max(this.#loadedSeq, record.seq);
  }

  /** Takes the next ones from the journal when there is room. @returns whether there were any. */
  load(): boolean {
    const { connectionId, journal, window } = this.options;
    if (!this.#more || this.queue.size > window / 2) return false;
    const before = this.queue.size;
    // From the start when nothing is held, so that a record that came out of order cannot be left behind.
    const afterSeq = before === 0 ? 0 : this.#loadedSeq;
    for (const record of journal.listUnfinishedOutbox(connectionId, afterSeq)) {
      if (this.queue.size >= window) return true;
      if (this.queue.add(record)) this.#loadedSeq = Math.max(this.#loadedSeq, record.seq);
    }
    this.#more = false;
    return this.queue.size > before;
  }
}
