import { createHash } from 'node:crypto';
import { digitsOfJid, officialSpelling } from '../lib/phone-number.js';

type Json = Record<string, unknown>;

/** Contents that another message is wrapped in. */
const WRAPPERS = ['viewOnceMessage', 'viewOnceMessageV2', 'ephemeralMessage', 'documentWithCaptionMessage'];

/**
 * What a message says, as a digest that is the same for a message as we make it and as an Evolution server tells of it: its
 * kind and its text. Files are known by their caption.
 */
export function messagePrint(message: object): string {
  const [kind, text] = factsOf(message as Json);
  return createHash('sha256')
    .update(JSON.stringify([kind, text]))
    .digest('base64url');
}

function factsOf(message: Json): [string, string] {
  const wrapper = WRAPPERS.find((name) => isObject(message[name]));
  const inner = wrapper && (message[wrapper] as Json)['message'];
  if (isObject(inner)) return factsOf(inner);
  if (typeof message['conversation'] === 'string') return ['text', message['conversation']];
  const extended = message['extendedTextMessage'];
  if (isObject(extended)) return ['text', textOf(extended['text'])];
  const field = Object.keys(message).find((name) => name !== 'messageContextInfo' && isObject(message[name]));
  if (field === undefined) return ['', ''];
  const { caption, name, text, displayName } = message[field] as Json;
  // A poll has two fields for one kind.
  return [field.replace(/V\d$/, ''), textOf(caption ?? name ?? text ?? displayName)];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** One name for a chat under any of its addresses, spellings of a Brazilian number included. */
export function chatName(jid: string): string {
  const digits = jid.endsWith('@s.whatsapp.net') ? digitsOfJid(jid) : null;
  return digits === null ? jid : officialSpelling(digits);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
