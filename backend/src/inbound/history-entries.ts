import { proto } from '@whiskeysockets/baileys';
import type { ChatTimer } from '../journal/chat-timers.js';
import type { HistoryEntry, HistoryJob } from '../journal/records.js';

/** The oldest message that a history has of a chat: where to ask on from. */
export interface ChatEnd {
  chatJid: string;
  oldest: { id: string; fromMe: boolean; timestampMs: number };
  /** How many messages it had. */
  count: number;
}

type Message = proto.IWebMessageInfo & { key: proto.IMessageKey };

/**
 * The messages of a history as entries of the log, each chat's the oldest first: in the log they get their order.
 * @param missedSince from this time on (ms since the epoch) they were missed; null = none was
 */
export function historyEntries(
  { conversations }: proto.IHistorySync,
  { connectionId, me }: Pick<HistoryJob, 'connectionId' | 'me'>,
  missedSince: number | null,
): Omit<HistoryEntry, 'seq' | 'at'>[] {
  return (conversations ?? []).flatMap((conversation) => {
    const chat = chatOf(conversation);
    return messagesOf(conversation).map((message) => ({
      ...{ kind: 'history' as const, connectionId, me, chat },
      info: proto.WebMessageInfo.encode(message).finish(),
      missed: missedSince !== null && timeOf(message) > missedSince,
    }));
  });
}

/** The timers of disappearing messages that a history's chats have, under every address of each chat. */
export function timersOf({ conversations }: proto.IHistorySync): { jids: string[]; timer: ChatTimer }[] {
  return (conversations ?? []).flatMap(({ id, pnJid, lidJid, ephemeralExpiration, ephemeralSettingTimestamp }) => {
    const settingAt = Number(ephemeralSettingTimestamp ?? 0) || null;
    const jids = [...new Set([id, pnJid, lidJid])].filter((jid) => typeof jid === 'string' && jid !== '');
    if (jids.length === 0 || ephemeralExpiration == null) return [];
    return [{ jids: jids as string[], timer: { seconds: ephemeralExpiration, since: settingAt ?? 0, settingAt } }];
  });
}

/** How far back a history goes, chat by chat. */
export function oldestOf({ conversations }: proto.IHistorySync): ChatEnd[] {
  return (conversations ?? []).flatMap((conversation) => {
    const messages = messagesOf(conversation);
    const [first] = messages;
    if (!first?.key.id) return [];
    const oldest = { id: first.key.id, fromMe: first.key.fromMe === true, timestampMs: timeOf(first) };
    return [{ chatJid: conversation.id ?? '', oldest, count: messages.length }];
  });
}

function messagesOf({ messages }: proto.IConversation): Message[] {
  return (messages ?? [])
    .flatMap(({ message }) => (message?.key?.id ? [message as Message] : []))
    .sort((a, b) => timeOf(a) - timeOf(b));
}

/** The person's other address comes with the conversation. */
function chatOf({ id, pnJid, lidJid, displayName, name }: proto.IConversation): HistoryEntry['chat'] {
  return { jid: id ?? '', pn: pnJid ?? null, lid: lidJid ?? null, nome: displayName || name || null };
}

function timeOf({ messageTimestamp }: proto.IWebMessageInfo): number {
  return Number(messageTimestamp ?? 0) * 1000;
}
