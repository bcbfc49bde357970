import { proto } from '@whiskeysockets/baileys';
import type { WireMessage } from './wire.js';

type Json = Record<string, unknown>;

/**
 * The `message` of an Evolution event as the protobuf message that it was made from. Its own additions (`base64`,
 * `mediaUrl`, `speechToText`) are no fields of a message and fall away. The server flattens `extendedTextMessage` to
 * `conversation` and puts its `contextInfo` beside the message: they are put together again.
 * @throws when it is no message at all
 */
export function messageFromJson({
  message = {},
  contextInfo,
}: Pick<WireMessage, 'message' | 'contextInfo'>): proto.IMessage {
  const plain = withBytes(message) as Json;
  const context = contextInfo && Object.keys(contextInfo).length > 0 ? (withBytes(contextInfo) as Json) : null;
  if (context === null) return proto.Message.fromObject(plain);
  try {
    return proto.Message.fromObject(withContext(plain, context));
  } catch {
    // What it quotes cannot be read; what it says can.
    return proto.Message.fromObject(plain);
  }
}

function withContext(message: Json, contextInfo: Json): Json {
  const { conversation, ...rest } = message;
  if (typeof conversation === 'string') return { ...rest, extendedTextMessage: { text: conversation, contextInfo } };
  const field = Object.keys(message).find((name) => name.endsWith('Message') && isObject(message[name]));
  if (field === undefined) return message;
  return { ...message, [field]: { contextInfo, ...(message[field] as Json) } };
}

/**
 * Bytes as protobufjs takes them. Besides base64 (which it reads itself) Evolution's JSON has them as `{"0":1,"1":2}`
 * (a Uint8Array through JSON.stringify) and as `{"type":"Buffer","data":[1,2]}`.
 */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (!isObject(value)) return value;
  if (value['type'] === 'Buffer' && isBytes(value['data'])) return Uint8Array.from(value['data']);
  const entries = Object.entries(value);
  const values = entries.map(([, each]) => each);
  if (entries.length > 0 && entries.every(([name], index) => name === String(index)) && isBytes(values)) {
    return Uint8Array.from(values);
  }
  return Object.fromEntries(entries.map(([name, each]) => [name, withBytes(each)]));
}

function isBytes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isInteger(each) && each >= 0 && each <= 255);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
