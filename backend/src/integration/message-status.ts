import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord, OutboxRecord } from '../journal/records.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { idOfSend } from '../outbound/send-id.js';
import type { Sender } from '../outbound/sender.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { Row, Scope } from './resources.js';
import { mayUse } from './scope.js';

export interface MessageStatusDeps {
  journal: Pick<Journal, 'getOutbox' | 'listConnections'>;
  database: Pick<SupabaseWhatsAppService, 'getMensagem' | 'findMensagemIn'>;
  sender: Pick<Sender, 'nextTryAt'>;
}

/** What became of a message. Times are ISO 8601 in UTC. */
export interface MessageStatusResource {
  /** Of the row; null for what changes another message. */
  id: string | null;
  whatsappId: string;
  connectionId: string | null;
  /** Where it goes or went; the chat, for one that came in. */
  to: string;
  /** Of the row; while that cannot be read, as far as the gateway itself knows. */
  status: string;
  /** Null for what was not sent by the API, or longer than 14 days ago. */
  state: OutboxRecord['state'] | null;
  attempts: number | null;
  /** When it is tried again; null when it waits for nothing but its turn or its connection, or has ended. */
  nextAttemptAt: string | null;
  error: { code: string; detail: string | null } | null;
  acceptedAt: string | null;
  /** When WhatsApp's server accepted it. */
  sentAt: string | null;
  /** When it is given up. */
  expiresAt: string | null;
  /** Status → time, and in groups each member's, as in `dados.recibos` of the row; null while that cannot be read. */
  receipts: Record<string, unknown> | null;
  /** The database could not be asked: this is what the gateway itself knows. */
  databaseAway: boolean;
}

const LOOKUP_DEADLINE_MS = 3_000;
const ROW_ID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * Looks a message up by the id of its row or by its WhatsApp id, first among what the gateway has sent in the last 14 days,
 * which needs no database.
 * @param only the connection that it belongs to, when the caller says so
 * @throws GatewayError `MESSAGE_NOT_FOUND`, also for somebody else's; `DATABASE_UNAVAILABLE` when only the database can tell
 */
export async function messageStatus(
  deps: MessageStatusDeps,
  id: string,
  only: string | undefined,
  scope: Scope | null,
): Promise<MessageStatusResource> {
  const usable = deps.journal
    .listConnections()
    .filter((record) => mayUse(record, scope) && (only === undefined || record.connectionId === only));
  const record = sendOf(deps, id, usable);
  if (!record) {
    const row = await rowOf(deps, id, usable, only, scope);
    const later = typeof row['whatsapp_id'] === 'string' ? sendOf(deps, row['whatsapp_id'], usable) : null;
    return resource(deps, later, row, usable, false);
  }
  if (record.rowless) return resource(deps, record, null, usable, false);
  try {
    const lookup = deps.database.getMensagem(record.rowId);
    return resource(deps, record, await withDeadline(lookup, LOOKUP_DEADLINE_MS, 'the message'), usable, false);
  } catch (error) {
    if (!isGatewayError(error) || error.retry !== 'later') throw error;
    return resource(deps, record, null, usable, true);
  }
}

/** The send of the caller's connections that has this id. */
function sendOf({ journal }: MessageStatusDeps, id: string, usable: ConnectionRecord[]): OutboxRecord | null {
  const whatsappId = ROW_ID.test(id) ? idOfSend(id.toLowerCase()) : id;
  for (const { connectionId } of usable) {
    const record = journal.getOutbox(connectionId, whatsappId);
    if (record) return record;
  }
  return null;
}

async function rowOf(
  { database }: MessageStatusDeps,
  id: string,
  usable: ConnectionRecord[],
  only: string | undefined,
  scope: Scope | null,
): Promise<Row> {
  const lookup = ROW_ID.test(id)
    ? database.getMensagem(id, scope)
    : database.findMensagemIn(
        usable.map(({ rowId }) => rowId),
        id,
      );
  const row = await withDeadline(lookup, LOOKUP_DEADLINE_MS, 'the message');
  const isElsewhere = only !== undefined && !usable.some(({ rowId }) => rowId === row?.['session_id']);
  if (!row || isElsewhere) throw new GatewayError('MESSAGE_NOT_FOUND');
  return row;
}

function resource(
  { sender }: MessageStatusDeps,
  record: OutboxRecord | null,
  row: Row | null,
  usable: ConnectionRecord[],
  databaseAway: boolean,
): MessageStatusResource {
  const text = (column: string) => (typeof row?.[column] === 'string' ? row[column] : null);
  const session = usable.find(({ rowId }) => rowId === row?.['session_id'])?.connectionId ?? null;
  const dados = row?.['dados'] as { recibos?: Record<string, unknown>; erro?: unknown } | null | undefined;
  const nextTryAt = record && sender.nextTryAt(record.connectionId, record.whatsappId);
  return {
    id: record?.rowless ? null : (record?.rowId ?? text('id')),
    whatsappId: record?.whatsappId ?? text('whatsapp_id') ?? '',
    connectionId: record?.connectionId ?? session,
    to: record ? (record.chatJid ?? record.pn ?? record.to) : (text('chat_jid') ?? ''),
    status: text('status') ?? STATUS_OF[record?.state ?? 'accepted'],
    state: record?.state ?? null,
    attempts: record?.attempts ?? null,
    nextAttemptAt: timeOf(nextTryAt),
    error: record?.error ? { code: record.error, detail: record.errorDetail } : null,
    acceptedAt: timeOf(record?.acceptedAt),
    sentAt: timeOf(record?.serverTime),
    expiresAt: record && (record.state === 'accepted' || record.state === 'sending') ? timeOf(record.expiresAt) : null,
    receipts: row ? (dados?.recibos ?? {}) : null,
    databaseAway,
  };
}

/** What a row would say of a send. */
const STATUS_OF: Record<OutboxRecord['state'], string> = {
  accepted: 'PENDENTE',
  sending: 'PENDENTE',
  sent: 'ENVIADA',
  failed: 'ERRO',
};

function timeOf(ms: number | null | undefined): string | null {
  return ms == null ? null : new Date(ms).toISOString();
}
