import type { proto } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import { decodeMessage } from './text-message.js';

/**
 * Baileys' `getMessage`: a recipient who could not decrypt asks again, also after our restart, and gets the same bytes.
 * Reads the local journal only: it runs while Baileys holds its message mutex, where waiting makes a session deaf
 * (WhiskeySockets/Baileys#2491).
 * @returns undefined when this gateway did not send that id
 */
export function messageFromOutbox(
  journal: Pick<Journal, 'getOutbox'>,
  connectionId: string,
  whatsappId: string,
): proto.IMessage | undefined {
  const record = journal.getOutbox(connectionId, whatsappId);
  return record ? decodeMessage(record.message) : undefined;
}
