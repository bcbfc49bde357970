/**
 * What an answer means for a delivery.
 * - `done`: taken. `hold`: the line waits, the same event is tried again. `failed`: this event is not wanted; the next one.
 * - `gone`: the receiver wants nothing any more; the webhook is switched off.
 */
export type Verdict = 'done' | 'hold' | 'failed' | 'gone';

interface ResponseRow {
  from: number;
  to: number;
  verdict: Verdict;
  why: string;
}

/** The first row that fits decides; without an answer (network, time-out, refused address) it is `hold`. */
export const RESPONSES: readonly ResponseRow[] = [
  { from: 200, to: 299, verdict: 'done', why: 'taken' },
  // A redirect is not followed (it could lead anywhere): the receiver has moved, which is no fault of the event.
  { from: 300, to: 399, verdict: 'hold', why: 'redirects are not followed: change the URL' },
  { from: 408, to: 408, verdict: 'hold', why: 'the receiver was too slow' },
  { from: 410, to: 410, verdict: 'gone', why: 'the receiver wants no more (410 Gone)' },
  { from: 425, to: 425, verdict: 'hold', why: 'too early' },
  { from: 429, to: 429, verdict: 'hold', why: 'too many requests' },
  { from: 400, to: 499, verdict: 'failed', why: 'the receiver refuses this event' },
  { from: 500, to: 599, verdict: 'hold', why: 'the receiver failed' },
];

const UNKNOWN: ResponseRow = { from: 0, to: 0, verdict: 'hold', why: 'an answer that HTTP does not know' };

export function responseRow(status: number): ResponseRow {
  return RESPONSES.find(({ from, to }) => status >= from && status <= to) ?? UNKNOWN;
}

const LONGEST_RETRY_AFTER_MS = 60 * 60 * 1000;

/** `Retry-After` in ms: seconds or an HTTP date (RFC 9110, 10.2.3), an hour at most; 0 when there is none. */
export function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS) : 0;
}
