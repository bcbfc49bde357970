import { S_WHATSAPP_NET, type BinaryNode } from '@whiskeysockets/baileys';

/** Builds a node; attributes that are undefined are left out, as the encoding has no form for them. */
export function node(
  tag: string,
  attrs: Record<string, string | undefined> = {},
  content?: BinaryNode['content'],
): BinaryNode {
  const present: BinaryNode['attrs'] = {};
  for (const [key, value] of Object.entries(attrs)) if (value !== undefined) present[key] = value;
  return content === undefined ? { tag, attrs: present } : { tag, attrs: present, content };
}

export const iqResult = (id: string, content?: BinaryNode[]): BinaryNode =>
  node('iq', { from: S_WHATSAPP_NET, type: 'result', id }, content);

export const iqError = (id: string, code: number, text: string): BinaryNode =>
  node('iq', { from: S_WHATSAPP_NET, type: 'error', id }, [node('error', { code: String(code), text })]);

/** The server's word that it has taken over a stanza of the client. `error` makes it a refusal. */
export const serverAck = (stanza: BinaryNode, error?: number): BinaryNode =>
  node('ack', {
    class: stanza.tag,
    id: stanza.attrs.id,
    from: stanza.attrs.to,
    type: stanza.tag === 'receipt' ? stanza.attrs.type : undefined,
    participant: stanza.attrs.participant,
    t: seconds(),
    error: error === undefined ? undefined : String(error),
  });

/** A Unix time in whole seconds, as every `t` attribute has it. */
export const seconds = (ms = Date.now()): string => String(Math.floor(ms / 1000));

/** Big-endian unsigned integer, the form of key and registration ids. */
export function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** The bytes of a node's content, whether it came as bytes or as a string; empty when it has children or nothing. */
export function bytesOf(from: BinaryNode | undefined): Buffer {
  const content = from?.content;
  if (content === undefined || Array.isArray(content)) return Buffer.alloc(0);
  return typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
}
