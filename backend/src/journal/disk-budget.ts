import { GatewayError } from '../lib/errors.js';
import type { LogEntry } from './records.js';

/** The log has grown past a mark of its budget. */
export interface BudgetAlert {
  percent: 50 | 80 | 100;
  liveBytes: number;
  maxBytes: number;
}

const MARKS: readonly BudgetAlert['percent'][] = [50, 80, 100];
/** What a record costs beside its value: key, page share. */
const RECORD_OVERHEAD_BYTES = 32;

/**
 * Kinds that are still taken above the cap, and how far: what became of a send that already happened, and the reason why
 * the connections were closed, must be recorded. Everything else is refused, so that WhatsApp keeps it for us.
 */
const RESERVE_PERCENT: Partial<Record<LogEntry['kind'], number>> = { outcome: 10, session: 10 };

/**
 * Live bytes of the entries that wait for the database (log and dead letters) and of the events for webhooks. Not the file's size: LMDB reuses pages but
 * never gives them back.
 */
export class DiskBudget {
  #liveBytes = 0;
  #marked = 0;

  constructor(
    readonly maxBytes: number,
    private readonly alert: (alert: BudgetAlert) => void,
  ) {}

  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** @throws GatewayError `JOURNAL_FULL` when an entry of that size and kind does not fit any more */
  admit(kind: LogEntry['kind'], valueBytes: number): void {
    const cap = (this.maxBytes * (100 + (RESERVE_PERCENT[kind] ?? 0))) / 100;
    if (this.#liveBytes + valueBytes + RECORD_OVERHEAD_BYTES <= cap) return;
    this.#mark(100);
    throw new GatewayError('JOURNAL_FULL', undefined, {
      details: { liveBytes: this.#liveBytes, maxBytes: this.maxBytes },
    });
  }

  add(valueBytes: number): void {
    this.#grow(valueBytes + RECORD_OVERHEAD_BYTES);
  }

  remove(valueBytes: number): void {
    this.#shrink(valueBytes + RECORD_OVERHEAD_BYTES);
  }

  /** Bytes beside the log, with a limit of their own (events for webhooks); negative when they are given back. */
  addOther(bytes: number): void {
    if (bytes > 0) this.#grow(bytes);
    else this.#shrink(-bytes);
  }

  #grow(bytes: number): void {
    this.#liveBytes += bytes;
    const percent = (this.#liveBytes / this.maxBytes) * 100;
    for (const mark of MARKS) if (percent >= mark) this.#mark(mark);
  }

  #shrink(bytes: number): void {
    this.#liveBytes -= bytes;
    const percent = (this.#liveBytes / this.maxBytes) * 100;
    // A mark is told again once the log had shrunk below it by a tenth of the budget: no alert storm at the border.
    this.#marked = Math.max(0, ...MARKS.filter((mark) => mark <= this.#marked && percent > mark - 10));
  }

  #mark(percent: BudgetAlert['percent']): void {
    if (percent <= this.#marked) return;
    this.#marked = percent;
    this.alert({ percent, liveBytes: this.#liveBytes, maxBytes: this.maxBytes });
  }
}
