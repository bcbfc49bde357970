import { canonicalEvent, isEventSuffix } from './event-names.js';

/**
 * What comes after the base of a webhook's path: a secret, the event that an Evolution server appends with `byEvents`, or
 * both in this order.
 */
export function readTail(first: string | undefined, second: string | undefined): PathTail {
  if (first !== undefined && second === undefined && isEventSuffix(first)) {
    return { secret: null, event: canonicalEvent(first) };
  }
  return { secret: first ?? null, event: second === undefined ? null : canonicalEvent(second) };
}

/** null = not there. */
export interface PathTail {
  secret: string | null;
  /** Dots and lower case. */
  event: string | null;
}
