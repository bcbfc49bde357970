import type { ErrorCode } from '../lib/errors.js';
import type { CommitBatch, NewLogEntry, OutboxRecord, OutcomeEntry } from '../journal/records.js';

/** How a send ended. `at`: the server ack's time when there was one, else now; ms since the epoch. */
export type Outcome =
  | { error: null; at: number }
  | { error: ErrorCode; /** WhatsApp's own number or text. */ detail: string | null; at: number };

/** Of the group that it went to. */
type Members = OutcomeEntry['members'];

export function isFinished(record: Pick<OutboxRecord, 'state'>): boolean {
  return record.state === 'sent' || record.state === 'failed';
}

/** The finished record, and the one commit that makes it and its row's status durable together. */
export function finish(
  record: OutboxRecord,
  outcome: Outcome,
  members?: Members,
): { record: OutboxRecord; batch: CommitBatch } {
  const finished: OutboxRecord = {
    ...record,
    state: outcome.error === null ? 'sent' : 'failed',
    error: outcome.error,
    errorDetail: outcome.error === null ? null : outcome.detail,
    serverTime: outcome.error === null ? outcome.at : null,
  };
  return { record: finished, batch: { outbox: [finished], entries: entriesOf(finished, outcome, members) } };
}

/** A change of another message is made when WhatsApp has accepted it, and never when it was refused. */
function entriesOf(finished: OutboxRecord, outcome: Outcome, members?: Members): NewLogEntry[] {
  if (finished.rowless) return outcome.error === null ? [outgoingEntry(finished)] : [];
  const { connectionId, whatsappId, pn, lid } = finished;
  // Unresolved to the end (expired, or not on WhatsApp): the address that the row was made with.
  const chatJid = finished.chatJid ?? pn ?? finished.to;
  const { error, at: serverTime } = outcome;
  const sentTo = outcome.error === null && members !== undefined ? { members } : {};
  return [{ kind: 'outcome', connectionId, whatsappId, chatJid, pn, lid, error, serverTime, ...sentTo }];
}

/** The message itself, for the log: its row, or what it changes. */
export function outgoingEntry(record: OutboxRecord, remetenteJid?: string): NewLogEntry {
  const { connectionId, rowId, whatsappId, pn, lid, message, remetente, media } = record;
  const chatJid = record.chatJid ?? pn ?? record.to;
  const file = media && { file: media.file };
  const own = remetenteJid && { remetenteJid };
  return { kind: 'outgoing', connectionId, rowId, whatsappId, chatJid, pn, lid, message, ...file, remetente, ...own };
}
