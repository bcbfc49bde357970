import { statfs } from 'node:fs/promises';
import { GatewayError } from '../lib/errors.js';
import type { JournalContext } from './context.js';

/** What a busy second may need: LMDB copies every page it changes, and a message may carry a thumbnail. */
const LEAST_FREE_BYTES = 4 << 20;
/** Room for one message (a twentieth of a small budget). */
const ONE_ENTRY_BYTES = 64 << 10;

/** One durable write that means nothing: is the disk there, and does it answer? @throws GatewayError `JOURNAL_FAILED` */
export function probe({ tables, writer, clock }: JournalContext): Promise<void> {
  return writer.write([tables.meta.put(Buffer.from('probe'), { at: clock.now() })]);
}

/**
 * Could a message be journaled now? Budget, free disk, then `probe`. The write alone would prove little: it is small, and
 * LMDB has pages to reuse for it long after there is no room for a message.
 * @throws GatewayError `JOURNAL_FULL` (`details` say of what there is too little), `JOURNAL_FAILED`
 */
export async function assertRoom(context: JournalContext): Promise<void> {
  const { liveBytes, maxBytes } = context.budget;
  if (liveBytes + Math.min(ONE_ENTRY_BYTES, maxBytes / 20) > maxBytes) {
    throw new GatewayError('JOURNAL_FULL', undefined, { details: { liveBytes, maxBytes } });
  }
  const { bavail, bsize } = await statfs(context.dir);
  const freeBytes = bavail * bsize;
  if (freeBytes < LEAST_FREE_BYTES) {
    throw new GatewayError('JOURNAL_FULL', 'The disk of the data directory is nearly full.', {
      details: { freeBytes },
    });
  }
  await probe(context);
}
