import type { Envelope } from './envelope.js';

/** What Evolution servers tell of presences and chats: news for whoever listens, never a row. */
export type LiveFact =
  | {
      type: 'presenceUpdated';
      data: { chat: string; presencas: { jid: string; estado: string; vistoEm: string | null }[] };
    }
  | {
      type: 'chatUpdated';
      data: {
        acao: 'set' | 'upsert' | 'update';
        chats: { jid: string; nome: string | null; naoLidas: number | null }[];
      };
    }
  | { type: 'chatDeleted'; data: { chats: string[] } };

type Json = Record<string, unknown>;

/** More than a page shows; a server that has just been linked lists every chat. */
const MAX_ITEMS = 500;
const JID = /^[\w.+:-]{1,64}@[a-z.]{1,24}$/i;

/** One row an event; what cannot be understood is told to nobody. */
const READERS: Record<string, (items: unknown[]) => LiveFact | null> = {
  'presence.update': presenceUpdate,
  'chats.set': (items) => chatUpdate('set', items),
  'chats.upsert': (items) => chatUpdate('upsert', items),
  'chats.update': (items) => chatUpdate('update', items),
  'chats.delete': (items) => {
    const chats = items.flatMap((item) => jidIn(item) ?? []);
    return chats.length === 0 ? null : { type: 'chatDeleted', data: { chats } };
  },
};

/** Whether an event (dots, lower case) is one of these. */
export function isLiveEvent(event: string): boolean {
  return Object.hasOwn(READERS, event);
}

/** What to tell listeners of it; null when there is nothing in it. */
export function liveFact({ event, data }: Pick<Envelope, 'event' | 'data'>): LiveFact | null {
  return READERS[event]?.(listOf(data).slice(0, MAX_ITEMS)) ?? null;
}

/** `data` as a list; some versions wrap it. */
function listOf(data: unknown): unknown[] {
  if (Array.isArray(data)) return data;
  const wrapped = isObject(data) ? data['chats'] : undefined;
  return Array.isArray(wrapped) ? wrapped : [data];
}

/** `{ id, presences: { <jid>: { lastKnownPresence, lastSeen? } } }`; some versions post it as a list, or `presence` alone. */
function presenceUpdate([first]: unknown[]): LiveFact | null {
  const chat = jidIn(first);
  if (!isObject(first) || chat === null) return null;
  const { presences, presence, lastKnownPresence } = first;
  const each = isObject(presences)
    ? Object.entries(presences)
    : [[chat, presence ?? lastKnownPresence] as [string, unknown]];
  const presencas = each.slice(0, MAX_ITEMS).flatMap(([jid, said]) => {
    const facts = isObject(said) ? said : { lastKnownPresence: said };
    const estado = facts['lastKnownPresence'];
    if (!JID.test(jid) || typeof estado !== 'string' || !/^[a-z]{1,20}$/.test(estado)) return [];
    return [{ jid, estado, vistoEm: isoOf(facts['lastSeen']) }];
  });
  return presencas.length === 0 ? null : { type: 'presenceUpdated', data: { chat, presencas } };
}

function chatUpdate(acao: 'set' | 'upsert' | 'update', items: unknown[]): LiveFact | null {
  const chats = items.flatMap((item) => {
    const jid = jidIn(item);
    if (jid === null) return [];
    const { name, pushName, unreadCount, unreadMessages } = isObject(item) ? item : {};
    const nome = [name, pushName].find((each): each is string => typeof each === 'string' && each.length <= 1024);
    const unread = unreadCount ?? unreadMessages;
    return [{ jid, nome: nome ?? null, naoLidas: Number.isSafeInteger(unread) ? (unread as number) : null }];
  });
  return chats.length === 0 ? null : { type: 'chatUpdated', data: { acao, chats } };
}

/** The address of a chat: the item itself, or under one of its names. */
function jidIn(item: unknown): string | null {
  const named = isObject(item) ? (item['remoteJid'] ?? item['id'] ?? item['jid']) : item;
  return typeof named === 'string' && JID.test(named) ? named : null;
}

/** Seconds since the epoch. */
function isoOf(seconds: unknown): string | null {
  const isTime = typeof seconds === 'number' && seconds > 0 && seconds < 1e11;
  return isTime ? new Date(seconds * 1000).toISOString() : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
