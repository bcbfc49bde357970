import type { JournalContext } from './context.js';

/** One durable write that means nothing: is the disk there, and does it answer? @throws GatewayError `JOURNAL_FAILED` */
export function probe({ tables, writer, clock }: JournalContext): Promise<void> {
  return writer.write([tables.meta.put(Buffer.from('probe'), { at: clock.now() })]);
}
