import type { Journal } from '../journal/journal.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import type { Target } from '../outbound/content.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { Row } from './resources.js';

export interface FindMessageDeps {
  journal: Pick<Journal, 'getOutbox'>;
  database: Pick<SupabaseWhatsAppService, 'findMensagem'>;
}

/** A message that exists: how WhatsApp names it, and what its row says (null for one that is not a row yet). */
export interface FoundMessage {
  target: Target;
  row: Row | null;
  /** ms since the epoch. */
  timestamp: number;
}

const LOOKUP_DEADLINE_MS = 5_000;

/**
 * Finds a message by its whatsappId: our own of the last 14 days in the journal, so that they can be changed while the
 * database is away, all others in the database.
 * @throws GatewayError `MESSAGE_NOT_FOUND`, `DATABASE_UNAVAILABLE`, `DEADLINE_EXCEEDED`
 */
export async function findMessage(deps: FindMessageDeps, connectionId: string, id: string): Promise<FoundMessage> {
  const record = deps.journal.getOutbox(connectionId, id);
  if (record?.chatJid && !record.rowless) {
    const target = { id, chatJid: record.chatJid, fromMe: true, participant: null };
    return { target, row: null, timestamp: record.serverTime ?? record.acceptedAt };
  }
  const row = await findRow(deps, connectionId, id);
  return { target: targetOf(row, id), row, timestamp: Date.parse(String(row['timestamp'])) };
}

/** @throws GatewayError `MESSAGE_NOT_FOUND`, `DATABASE_UNAVAILABLE`, `DEADLINE_EXCEEDED` */
export async function findRow(deps: FindMessageDeps, connectionId: string, id: string): Promise<Row> {
  const row = await withDeadline(deps.database.findMensagem(connectionId, id), LOOKUP_DEADLINE_MS, 'the message');
  if (!row) throw new GatewayError('MESSAGE_NOT_FOUND', `There is no message ${id} on this connection.`);
  return row;
}

function targetOf(row: Row, id: string): Target {
  const chatJid = String(row['chat_jid']);
  const fromMe = row['remetente'] !== 'CLIENTE';
  const author = row['remetente_jid'];
  const isGroup = chatJid.endsWith('@g.us');
  return { id, chatJid, fromMe, participant: isGroup && !fromMe && typeof author === 'string' ? author : null };
}
