import { uuidV5 } from '../lib/uuid-v5.js';

/** Our namespace (RFC 9562, section 6.6): a random UUID, fixed for good. */
const NAMESPACE = Buffer.from('0b0a6f1c7e5d4f0e9a3c5d2b8e614f77', 'hex');

/**
 * The id of a message's row: a UUIDv5 of what identifies the message, so that a batch that is written again after a lost
 * answer carries the same ids.
 * @param parts connection, chat, author and WhatsApp's id
 */
export function rowId(...parts: string[]): string {
  return uuidV5(NAMESPACE, JSON.stringify(parts));
}
