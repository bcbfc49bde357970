import type { ErrorCode } from '../lib/errors.js';
import type { CommitBatch, OutboxRecord } from '../journal/records.js';

/** How a send ended. `at`: the server ack's time when there was one, else now; ms since the epoch. */
export type Outcome =
  | { error: null; at: number }
  | { error: ErrorCode; /** WhatsApp's own number or text. */ detail: string | null; at: number };

export function isFinished(record: Pick<OutboxRecord, 'state'>): boolean {
  return record.state === 'sent' || record.state === 'failed';
}

/** The finished record, and the one commit that makes it and its row's status durable together. */
export function finish(record: OutboxRecord, outcome: Outcome): { record: OutboxRecord; batch: CommitBatch } {
  const finished: OutboxRecord = {
    ...record,
    state: outcome.error === null ? 'sent' : 'failed',
    error: outcome.error,
    errorDetail: outcome.error === null ? null : outcome.detail,
    serverTime: outcome.error === null ? outcome.at : null,
  };
  const { connectionId, whatsappId, pn, lid } = finished;
  return {
    record: finished,
    batch: {
      outbox: [finished],
      entries: [
        {
          kind: 'outcome',
          connectionId,
          whatsappId,
          // Unresolved to the end (expired, or not on WhatsApp): the address that the row was made with.
          chatJid: finished.chatJid ?? pn ?? finished.to,
          pn,
          lid,
          error: outcome.error,
          serverTime: outcome.at,
        },
      ],
    },
  };
}
