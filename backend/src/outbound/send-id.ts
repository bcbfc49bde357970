import { createHash } from 'node:crypto';

/**
 * The WhatsApp id of a send, in the form that WhatsApp's web client gives its own (Baileys' `generateMessageIDV2`). It follows
 * from the id of its row, which is random, so that a send is found by either without an index, also without the database.
 */
export function idOfSend(rowId: string): string {
  const digest = createHash('sha256').update(`sentinela-send:${rowId}`).digest('hex');
  return `3EB0${digest.slice(0, 18).toUpperCase()}`;
}
