import { createHash } from 'node:crypto';

type Json = Record<string, unknown>;

/** Events whose items are messages. */
const MESSAGES = new Set(['messages.upsert', 'messages.set', 'send.message']);
/** Names that flat messages have for the chat, for the message's id and for its time. */
const CHAT = ['remoteJid', 'from', 'number', 'phone', 'chatId', 'jid'];
const ID = ['id', 'messageId', 'keyId'];
const TIME = ['messageTimestamp', 'timestamp', 'date_time'];

/**
 * A message that is less than Evolution's own form, as scripts post it: its text instead of `message`, its chat and id
 * beside it instead of in `key`. What it lacks for being a row stays missing, and is refused by name.
 */
export function wireForm(event: string, item: unknown): unknown {
  if (!MESSAGES.has(event) || !isObject(item)) return item;
  const { message } = item;
  const whole = typeof message === 'string' ? { ...item, message: { conversation: message } } : item;
  if (isObject(item['key'])) return whole;
  const remoteJid = jidOf(firstOf(item, CHAT));
  if (remoteJid === null) return whole;
  const time = secondsOf(firstOf(item, TIME));
  const id =
    firstOf(item, ID) ?? (time === null ? undefined : derivedId([event, remoteJid, item['fromMe'], message, time]));
  const key = { remoteJid, id, fromMe: item['fromMe'] === true };
  return { ...whole, key, ...(time !== null && { messageTimestamp: time }) };
}

/** Told again it is the same message; another one has another text or time. */
function derivedId(parts: unknown[]): string {
  return `3EB0${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 28).toUpperCase()}`;
}

/** @param given a JID in either spelling, or a number with its country code */
function jidOf(given: unknown): string | null {
  if (typeof given !== 'string' && typeof given !== 'number') return null;
  const text = String(given).trim();
  if (text.includes('@')) return text.replace(/@c\.us$/, '@s.whatsapp.net');
  const digits = text.replace(/[+\s().-]/g, '');
  return /^\d{8,15}$/.test(digits) ? `${digits}@s.whatsapp.net` : null;
}

/** Seconds, out of seconds, milliseconds or ISO 8601. */
function secondsOf(given: unknown): number | null {
  const isDigits = typeof given === 'number' || (typeof given === 'string' && /^\d{1,14}$/.test(given));
  const number = isDigits ? Number(given) : typeof given === 'string' ? Date.parse(given) : NaN;
  if (!Number.isFinite(number) || number <= 0) return null;
  return Math.floor(number > 1e11 ? number / 1000 : number);
}

function firstOf(item: Json, names: readonly string[]): unknown {
  return names.map((name) => item[name]).find((value) => value !== undefined && value !== null);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
