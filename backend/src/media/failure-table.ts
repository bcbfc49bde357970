import type { BackoffPolicy } from '../lib/backoff.js';
import { isGatewayError, type ErrorCode } from '../lib/errors.js';

/** What is done about a failure while a file is on its way into the store. */
export interface MediaFailureRule {
  backoff: BackoffPolicy;
  /** Given up after so many failures of this kind; absent = never. */
  finalAfter?: number;
  /** The phone that sent it is asked to upload it again first. */
  askPhone?: true;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** By code of the catalogue. */
export const MEDIA_FAILURES: Readonly<Partial<Record<ErrorCode, MediaFailureRule>>> = {
  // Network, a server error: it is still there.
  MEDIA_FETCH_FAILED: { backoff: { baseMs: 2_000, capMs: 10 * MINUTE }, finalAfter: 500 },
  PROXY_UNREACHABLE: { backoff: { baseMs: 2_000, capMs: 10 * MINUTE }, finalAfter: 500 },
  // A person has to give the right credentials first.
  PROXY_REFUSED: { backoff: { baseMs: 15_000, capMs: 30 * MINUTE }, finalAfter: 500 },
  MEDIA_EXPIRED: { backoff: { baseMs: MINUTE, capMs: 6 * HOUR }, finalAfter: 12, askPhone: true },
  MEDIA_CORRUPT: { backoff: { baseMs: 5_000, capMs: MINUTE }, finalAfter: 4, askPhone: true },
  MEDIA_TOO_LARGE: { backoff: { baseMs: 0, capMs: 0 }, finalAfter: 1 },
  // The phone has not got it either, or a staged file is gone.
  MEDIA_NOT_FOUND: { backoff: { baseMs: MINUTE, capMs: HOUR }, finalAfter: 3 },
  // The phone could not be asked: it, or this connection, is off.
  NOT_CONNECTED: { backoff: { baseMs: 15_000, capMs: 30 * MINUTE }, finalAfter: 500 },
  DEADLINE_EXCEEDED: { backoff: { baseMs: MINUTE, capMs: 2 * HOUR }, finalAfter: 100 },
  // Ours to mend: the file waits for as long as it takes.
  MEDIA_STORE_FAILED: { backoff: { baseMs: 1_000, capMs: MINUTE } },
  JOURNAL_FAILED: { backoff: { baseMs: 1_000, capMs: MINUTE } },
  JOURNAL_FULL: { backoff: { baseMs: 5_000, capMs: MINUTE } },
};

const OTHER: MediaFailureRule = { backoff: { baseMs: 5_000, capMs: 10 * MINUTE }, finalAfter: 20 };

/** The rule for a failure, and the code under which it is counted. */
export function judgeMediaFailure(error: unknown): { code: ErrorCode; rule: MediaFailureRule } {
  const code = isGatewayError(error) ? error.code : 'INTERNAL';
  return { code, rule: MEDIA_FAILURES[code] ?? OTHER };
}
