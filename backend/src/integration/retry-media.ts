import { fetchableMedia } from '../inbound/media-jobs.js';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord, MediaJob } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import type { MediaQueue } from '../media/media-queue.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { Row, Scope } from './resources.js';

export interface RetryMediaDeps {
  database: Pick<SupabaseWhatsAppService, 'getMensagem'>;
  journal: Pick<Journal, 'getMediaJob' | 'listConnections'>;
  queue: Pick<MediaQueue, 'retry'>;
  clock: Clock;
}

/** How far the file of a message is: `stored` = it can be read, `waiting` = it is being fetched. */
export interface MediaState {
  messageId: string;
  state: 'stored' | 'waiting';
}

/**
 * Has the file of a message fetched again, at once and with all tries anew: from WhatsApp, and when it is gone there from
 * the phone. What is in the store already stays.
 * @throws GatewayError `MESSAGE_NOT_FOUND`, `MEDIA_NOT_FOUND` (it has no file, or nobody knows the key of it any more),
 * `CONNECTION_NOT_FOUND` (its number is not on this gateway), `JOURNAL_FAILED`, `DATABASE_UNAVAILABLE`
 */
export async function retryMedia(deps: RetryMediaDeps, messageId: string, scope: Scope | null): Promise<MediaState> {
  const row = await deps.database.getMensagem(messageId, scope);
  if (!row) throw new GatewayError('MESSAGE_NOT_FOUND');
  if (typeof row['midia_caminho'] === 'string') return { messageId, state: 'stored' };
  const connection = deps.journal.listConnections().find(({ rowId }) => rowId === row['session_id']);
  const midia = (row['dados'] as { midia?: unknown } | null)?.midia;
  if (!midia) throw new GatewayError('MEDIA_NOT_FOUND');
  if (!connection) throw new GatewayError('CONNECTION_NOT_FOUND');
  await deps.queue.retry(jobFor(deps, connection, row));
  return { messageId, state: 'waiting' };
}

/** Queues a file that was never queued: one of the history, which is fetched when somebody first asks for it. */
export async function fetchFirst(deps: RetryMediaDeps, messageId: string, scope: Scope | null): Promise<void> {
  const row = await deps.database.getMensagem(messageId, scope);
  const connection = deps.journal.listConnections().find(({ rowId }) => rowId === row?.['session_id']);
  if (!connection || deps.journal.getMediaJob(connection.connectionId, messageId)) return;
  await retryMedia(deps, messageId, scope);
}

/** The journal knows jobs for 14 days; after that the row tells all that is needed. */
function jobFor({ journal, clock }: RetryMediaDeps, { connectionId }: ConnectionRecord, row: Row): MediaJob {
  const rowId = String(row['id']);
  const known = journal.getMediaJob(connectionId, rowId);
  // What was sent from here has no address at WhatsApp in its row: its own staged file is all there is.
  const source = known?.source ?? fetchableMedia(row['dados'], row['midia_tamanho']);
  if (!source) throw new GatewayError('MEDIA_NOT_FOUND');
  if (known) return { ...known, source };
  const chatJid = String(row['chat_jid']);
  const fromMe = row['remetente'] !== 'CLIENTE';
  const author = row['remetente_jid'];
  const participant = chatJid.endsWith('@g.us') && !fromMe && typeof author === 'string' ? author : null;
  return {
    ...{ connectionId, rowId, whatsappId: String(row['whatsapp_id']), state: 'waiting', source },
    ...{ chatJid, participant, fromMe, mimetype: textOf(row['midia_tipo']), nome: textOf(row['midia_nome']) },
    ...{ timestamp: Date.parse(String(row['timestamp'])), failures: {}, error: null },
    ...{ dueAt: clock.now(), at: clock.now() },
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
