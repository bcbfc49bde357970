import { createHash } from 'node:crypto';
import type { LogEntry, NewLogEntry, PartRecord } from '../../src/journal/records.js';

export const CONNECTION = 'minha-conexao-1';

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function aStanza(text = 'Olá', connectionId = CONNECTION): NewLogEntry {
  const hash = sha256(text);
  return {
    kind: 'stanza',
    connectionId,
    node: {
      tag: 'message',
      attrs: { from: '5511999999999@s.whatsapp.net', id: `3EB0${hash.toString('hex', 0, 8)}`, t: '1735689600' },
      content: [{ tag: 'enc', attrs: { type: 'msg', v: '2' }, content: hash }],
    },
    parts: [{ sha256: hash, plaintext: Buffer.from(text) }],
    me: { id: '5511888888888:3@s.whatsapp.net', lid: '1234567890@lid' },
  };
}

export function aPart(text = 'Olá', at = Date.now(), connectionId = CONNECTION): PartRecord {
  return { connectionId, sha256: sha256(text), plaintext: Buffer.from(text), at };
}

/** What `aStanza` was made of. */
export function textOf(entry: LogEntry): string {
  return entry.kind === 'stanza' ? Buffer.from(entry.parts[0]?.plaintext ?? '').toString() : '';
}
