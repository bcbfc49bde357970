import type { Journal } from '../journal/journal.js';
import type { DeadLetter, LogEntry } from '../journal/records.js';
import { GatewayError } from '../lib/errors.js';
import { whatsappIdOf } from './log-messages.js';

/** An entry of the log that the database refuses for good, as the API shows it: what it is about, never what it says. */
export interface DeadLetterResource {
  /** Its place in the log, and its name in the API. */
  seq: number;
  connectionId: string;
  kind: LogEntry['kind'];
  /** The message that it is about; null when it is about none. */
  whatsappId: string | null;
  /** SQLSTATE, or our own code. */
  code: string;
  message: string;
  /** ISO 8601: when it happened, and when it was put aside. */
  journaledAt: string;
  parkedAt: string;
}

/** What a person can do about entries that no retry could help: look, try once more, or give up. */
export class DeadLetters {
  constructor(private readonly deps: { journal: Journal }) {}

  /** In the order of the log. @throws GatewayError `BAD_REQUEST` for a cursor that is none of ours */
  list(page: { limit: number; cursor: string | null }): { data: DeadLetterResource[]; nextCursor: string | null } {
    const afterSeq = page.cursor === null ? 0 : decodeCursor(page.cursor);
    // One more than asked for tells whether there is a next page.
    const letters = this.deps.journal.listDeadLetters(page.limit + 1, afterSeq);
    const shown = letters.slice(0, page.limit);
    const last = letters.length > shown.length ? shown.at(-1) : undefined;
    return { data: shown.map(present), nextCursor: last ? encodeCursor(last.entry.seq) : null };
  }

  /** Back into the log at its old place; written with the next batch. @throws GatewayError `DEAD_LETTER_NOT_FOUND` */
  async retry(seq: number): Promise<void> {
    if (!(await this.deps.journal.retryDeadLetter(seq))) throw notFound(seq);
  }

  /** It will never be a row. @throws GatewayError `DEAD_LETTER_NOT_FOUND` */
  async discard(seq: number): Promise<void> {
    if (!(await this.deps.journal.discardDeadLetter(seq))) throw notFound(seq);
  }
}

function present({ entry, reason, at }: DeadLetter): DeadLetterResource {
  const { seq, connectionId, kind } = entry;
  const [journaledAt, parkedAt] = [entry.at, at].map((ms) => new Date(ms).toISOString()) as [string, string];
  return { seq, connectionId, kind, whatsappId: whatsappIdOf(entry), ...reason, journaledAt, parkedAt };
}

function encodeCursor(seq: number): string {
  return Buffer.from(String(seq)).toString('base64url');
}

function decodeCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new GatewayError('BAD_REQUEST', 'cursor must be the nextCursor of the page before', {
    details: { field: 'cursor' },
  });
}

function notFound(seq: number): GatewayError {
  return new GatewayError('DEAD_LETTER_NOT_FOUND', undefined, { details: { seq } });
}
