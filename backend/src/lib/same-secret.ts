import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether a caller presented the secret. Digests are compared, in constant time, so that neither content nor length shows
 * in how long the answer takes.
 */
export function isSameSecret(presented: string, secret: string): boolean {
  return timingSafeEqual(digest(presented), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
