import { createHash } from 'node:crypto';

/** Our namespace (RFC 9562, section 6.6): a random UUID, fixed for good. */
const NAMESPACE = Buffer.from('0b0a6f1c7e5d4f0e9a3c5d2b8e614f77', 'hex');

/**
 * The id of a message's row: a UUIDv5 of what identifies the message, so that a batch that is written again after a lost
 * answer carries the same ids.
 * @param parts connection, chat, author and WhatsApp's id
 */
export function rowId(...parts: string[]): string {
  const hash = createHash('sha1').update(NAMESPACE).update(JSON.stringify(parts)).digest().subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
