import { rowSource, type FetchFacts } from '../inbound/media-jobs.js';
import type { Journal } from '../journal/journal.js';
import type { MediaJob } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import type { MediaQueue } from '../media/media-queue.js';
import type { Row } from './resources.js';

export interface FetchHistoryMediaDeps {
  journal: Pick<Journal, 'commit' | 'getMediaJob' | 'listConnections'>;
  media: Pick<MediaQueue, 'wake'>;
  clock: Clock;
}

/**
 * Queues the file of a row that was never queued: one of the history. What WhatsApp has deleted meanwhile is asked for from
 * the phone, as always.
 * @returns whether there is a job now
 */
export async function fetchHistoryMedia(deps: FetchHistoryMediaDeps, row: Row): Promise<boolean> {
  const { journal, clock, media } = deps;
  const connectionId = journal.listConnections().find((each) => each.rowId === row['session_id'])?.connectionId;
  if (connectionId === undefined) return false;
  const rowId = String(row['id']);
  if (journal.getMediaJob(connectionId, rowId)) return true;
  const facts = (row['dados'] as { midia?: FetchFacts } | null)?.midia;
  const size = typeof row['midia_tamanho'] === 'number' ? row['midia_tamanho'] : null;
  const source = facts ? rowSource(facts, size) : null;
  if (!source) return false;
  const chatJid = String(row['chat_jid']);
  const author = row['remetente_jid'];
  const now = clock.now();
  const job: MediaJob = {
    ...{ connectionId, rowId, whatsappId: String(row['whatsapp_id']), state: 'waiting', source, chatJid },
    participant: chatJid.endsWith('@g.us') && typeof author === 'string' && author !== '' ? author : null,
    fromMe: row['remetente'] !== 'CLIENTE',
    ...{ mimetype: textOf(row['midia_tipo']), nome: textOf(row['midia_nome']) },
    timestamp: Date.parse(String(row['timestamp'])),
    ...{ failures: {}, dueAt: now, error: null, at: now },
  };
  await journal.commit({ media: [job] });
  media.wake();
  return true;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : null);
