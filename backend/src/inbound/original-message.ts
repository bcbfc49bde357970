import { proto, unpadRandomMax16 } from '@whiskeysockets/baileys';
import type { LogEntry } from '../journal/records.js';
import { messageFromJson } from './evolution/message-json.js';
import { wireMessage } from './evolution/wire.js';

type Json = Record<string, unknown>;

/** What one message may take in an event; pictures that are part of it go first. */
const MAX_CHARS = 65_536;
/** Keys between devices are no content. */
const NO_CONTENT = ['senderKeyDistributionMessage', 'fastRatchetKeySenderKeyDistributionMessage'];

/**
 * The message of an entry in WhatsApp's own fields, as Baileys' JSON has them: bytes in base64, enums by name, 64-bit numbers
 * as text. Its secrets are still in it (`publicDados`). null when the entry has none, or one that is too large.
 */
export function originalMessage(entry: LogEntry): Json | null {
  try {
    const message = messageOf(entry);
    if (message === null) return null;
    const json = proto.Message.toObject(proto.Message.fromObject(message), {
      longs: String,
      enums: String,
      bytes: String,
    });
    for (const field of NO_CONTENT) delete json[field];
    return fitting(json) ?? fitting(withoutPictures(json) as Json);
  } catch {
    // The row says that it could not be read.
    return null;
  }
}

function messageOf(entry: LogEntry): proto.IMessage | null {
  if (entry.kind === 'outgoing') return proto.Message.decode(entry.message);
  if (entry.kind === 'evolution') return messageFromJson(wireMessage.parse(JSON.parse(entry.data)));
  if (entry.kind !== 'stanza') return null;
  const message: proto.IMessage = {};
  for (const { plaintext } of entry.parts) {
    if (plaintext) Object.assign(message, fieldsOf(proto.Message.decode(unpadRandomMax16(plaintext))));
  }
  return message.deviceSentMessage?.message ?? message;
}

/** Without what the prototype adds. */
function fieldsOf(message: proto.Message): proto.IMessage {
  return { ...message };
}

function fitting(json: Json): Json | null {
  return JSON.stringify(json).length <= MAX_CHARS && Object.keys(json).length > 0 ? json : null;
}

function withoutPictures(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPictures);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !/thumbnail$/i.test(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutPictures(inner)]));
}
