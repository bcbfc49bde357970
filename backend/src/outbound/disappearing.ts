import type { proto } from '@whiskeysockets/baileys';
import { readTimer } from '../journal/chat-timers.js';
import { readGroup } from '../journal/group-records.js';
import type { Journal } from '../journal/journal.js';
import { digitsOfJid, pnJid, spellings } from '../lib/phone-number.js';
import type { Address } from './address.js';

/** How long a message stays with its readers, and when that was chosen (seconds since the epoch; null = not told). */
export interface Expiry {
  seconds: number;
  settingAt: number | null;
}

type Keys = Pick<Journal, 'getKeys'>;

/** The timer of the chat that a message goes to, by any address of it; null = messages stay. */
export function expiryFor(keys: Keys, connectionId: string, address: Address): Expiry | null {
  const { chatJid, pn, lid } = address;
  if (chatJid?.endsWith('@g.us')) {
    const seconds = readGroup(keys, connectionId, chatJid)?.group.ephemeralDuration ?? 0;
    if (seconds > 0) return { seconds, settingAt: null };
  }
  // A number that WhatsApp was not asked for may have been heard of under its other spelling.
  const digits = pn === null ? null : digitsOfJid(pn);
  const numbers = digits === null ? [] : spellings(digits).map(pnJid);
  const jids = [...new Set([chatJid, pn, lid, ...numbers])].filter((jid) => jid !== null);
  const timer = readTimer(keys, connectionId, jids);
  return timer && timer.seconds > 0 ? timer : null;
}

/** Writes the expiry where phones look for it: into the context of the content, whatever wraps it. */
export function withExpiry(message: proto.IMessage, { seconds, settingAt }: Expiry): proto.IMessage {
  for (const content of contentsOf(message)) {
    content.contextInfo = {
      ...content.contextInfo,
      expiration: seconds,
      ...(settingAt !== null && { ephemeralSettingTimestamp: settingAt }),
    };
  }
  return message;
}

/** The contents of a message that can have a context, out of their wrappers. */
export function contentsOf(message: proto.IMessage): { contextInfo?: proto.IContextInfo | null }[] {
  return Object.entries(message).flatMap(([field, value]: [string, { message?: proto.IMessage } | null]) => {
    if (field === 'messageContextInfo' || typeof value !== 'object' || value === null) return [];
    return value.message ? contentsOf(value.message) : [value as { contextInfo?: proto.IContextInfo | null }];
  });
}
