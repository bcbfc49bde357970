import { proto } from '@whiskeysockets/baileys';
import type { HistoryJob, LogEntry } from '../journal/records.js';
import { rebuildMessage } from '../whatsapp/rebuild-message.js';
import { stanzaAddresses } from './stanza-addresses.js';

const { HistorySyncType } = proto.Message;

/** Histories with messages; the others bring names, statuses and tokens, which Baileys takes care of. */
const WITH_MESSAGES = new Set<proto.Message.HistorySyncType | null | undefined>([
  HistorySyncType.INITIAL_BOOTSTRAP,
  HistorySyncType.RECENT,
  HistorySyncType.FULL,
  HistorySyncType.ON_DEMAND,
]);

/** Whether a phone speaks to its own devices. */
export function isPeer(entry: LogEntry): boolean {
  return entry.kind === 'stanza' && entry.node.attrs['category'] === 'peer';
}

/**
 * The history that a stanza announces, as a job to read it; none for anything else. Only this number's own phone may
 * announce one, and only one that was asked for is read unless the connection wants all of them.
 */
export async function historyJob(entry: LogEntry, wantsAll: boolean): Promise<HistoryJob | null> {
  if (entry.kind !== 'stanza' || !isPeer(entry)) return null;
  const { connectionId, node, me, at } = entry;
  if (stanzaAddresses(node.attrs, me).autor !== null) return null;
  const message = await rebuildMessage(entry).catch(() => null);
  const notification = message?.message?.protocolMessage?.historySyncNotification;
  if (!notification || !WITH_MESSAGES.has(notification.syncType)) return null;
  if (!wantsAll && notification.syncType !== HistorySyncType.ON_DEMAND) return null;
  const bytes = proto.Message.HistorySyncNotification.encode(notification).finish();
  return { connectionId, id: node.attrs['id'] ?? '', notification: bytes, me, at };
}
