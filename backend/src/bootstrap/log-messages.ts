import type { Projector } from '../inbound/projector.js';
import type { LogEntry } from '../journal/records.js';
import type { Log } from '../lib/log.js';
import type { Sender } from '../outbound/sender.js';

/**
 * Each message's way, by its ids alone: with a connection id and a WhatsApp id somebody can be told what became of a
 * message without anybody reading it. Failures at `warn`, everything else at `debug` (a line a message is much at `info`).
 * @returns the undo
 */
export function logMessages(parts: {
  sender: Pick<Sender, 'events'>;
  projector: Pick<Projector, 'events'>;
  log: Log;
}): () => void {
  const { sender, projector, log } = parts;
  const undo = [
    sender.events.on('accepted', ({ connectionId, whatsappId, rowId }) =>
      log.debug('send accepted', { connectionId, whatsappId, rowId }),
    ),
    sender.events.on('sent', ({ connectionId, whatsappId, attempts }) =>
      log.debug('send acknowledged', { connectionId, whatsappId, attempts }),
    ),
    sender.events.on('failed', ({ connectionId, whatsappId, error, attempts }) =>
      log.warn('send failed', { connectionId, whatsappId, code: error, attempts }),
    ),
    sender.events.on('ackOverdue', ({ connectionId, whatsappId, attempts }) =>
      log.warn('send not answered in time', { connectionId, whatsappId, attempts }),
    ),
    projector.events.on('projected', ({ entry }) => {
      const { connectionId, seq, kind } = entry;
      log.debug('entry is in the database', { connectionId, seq, kind, whatsappId: whatsappIdOf(entry) });
    }),
  ];
  return () => undo.forEach((off) => off());
}

/** The message that an entry is about; null when it is about none. */
export function whatsappIdOf(entry: LogEntry): string | null {
  if (entry.kind === 'stanza' || entry.kind === 'receipt' || entry.kind === 'notification')
    return entry.node.attrs['id'] ?? null;
  if (entry.kind === 'evolution') return entry.whatsappId;
  if (entry.kind === 'opened') return entry.target.whatsappId;
  return entry.kind === 'outgoing' || entry.kind === 'outcome' ? entry.whatsappId : null;
}
