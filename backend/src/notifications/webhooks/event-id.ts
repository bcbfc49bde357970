import { createHash } from 'node:crypto';

/**
 * The `webhook-id` of a fact: the same fact gives the same id, whoever tells it and however often.
 * @param parts what identifies the fact, its type first
 */
export function eventId(...parts: (string | number | null)[]): string {
  return `evt_${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 27)}`;
}
