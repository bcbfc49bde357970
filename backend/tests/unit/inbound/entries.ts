import { createHash, randomBytes } from 'node:crypto';
import { encodeWAMessage, proto } from '@whiskeysockets/baileys';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import type { DecodeOptions } from '../../../src/inbound/decode-options.js';
import type { LogEntry, OutgoingEntry, ReceiptEntry, StanzaEntry, StoredNode } from '../../../src/journal/records.js';
import type { Evento, EventoMensagem } from '../../../src/supabase/evento.js';

/** Builders of journal entries as the socket seam writes them: real protos, really padded, really hashed. */

export const ME = { id: '5511900000000:5@s.whatsapp.net', lid: '900000000000:5@lid' };
export const ANA = { pn: '5511911111111@s.whatsapp.net', lid: '111111111111@lid' };
export const BIA = { pn: '5521922222222@s.whatsapp.net', lid: '222222222222@lid' };
export const GROUP = '120363000000000001@g.us';
/** 2026-11-21T12:00:00Z */
export const T = 1795262400;
export const AT = T * 1000 + 5000;

export interface StanzaOptions {
  attrs?: Record<string, string>;
  type?: 'msg' | 'pkmsg' | 'skmsg' | 'msmsg';
  encAttrs?: Record<string, string>;
  seq?: number;
  /** The part could not be decrypted. */
  error?: string;
  me?: { id: string; lid: string | null };
}

/** One encrypted part and its outcome. */
export function aPart(message: proto.IMessage, options: StanzaOptions = {}) {
  const sha256 = new Uint8Array(createHash('sha256').update(randomBytes(32)).digest());
  const failed = options.error !== undefined;
  const node: StoredNode = {
    tag: 'enc',
    attrs: { v: '2', type: options.type ?? 'msg', ...options.encAttrs },
    content: sha256,
  };
  const part = {
    sha256,
    plaintext: failed ? null : new Uint8Array(encodeWAMessage(message)),
    ...(failed ? { error: options.error! } : {}),
  };
  return { node, part };
}

export function aStanzaOf(parts: ReturnType<typeof aPart>[], options: StanzaOptions = {}): StanzaEntry {
  return {
    kind: 'stanza',
    seq: options.seq ?? 7,
    connectionId: 'loja',
    at: AT,
    me: options.me ?? ME,
    node: {
      tag: 'message',
      attrs: {
        from: ANA.pn,
        sender_lid: ANA.lid,
        id: '3EB0AAAA',
        t: String(T),
        type: 'text',
        notify: 'Ana',
        ...options.attrs,
      },
      content: parts.map(({ node }) => node),
    },
    parts: parts.map(({ part }) => part),
  };
}

export function aStanza(message: proto.IMessage, options: StanzaOptions = {}): StanzaEntry {
  return aStanzaOf([aPart(message, options)], options);
}

export function aText(text = 'oi', options: StanzaOptions = {}): StanzaEntry {
  return aStanza({ conversation: text }, options);
}

export function aReceipt(attrs: Record<string, string>, content?: StoredNode[]): ReceiptEntry {
  const node: StoredNode = { tag: 'receipt', attrs: { from: ANA.pn, id: 'OUT1', t: String(T), ...attrs } };
  return { kind: 'receipt', seq: 9, connectionId: 'loja', at: AT, me: ME, node: content ? { ...node, content } : node };
}

export function anOutgoing(message: proto.IMessage, changes: Partial<OutgoingEntry> = {}): OutgoingEntry {
  return {
    kind: 'outgoing',
    seq: 11,
    connectionId: 'loja',
    at: AT,
    rowId: '11111111-2222-4333-8444-555555555555',
    whatsappId: 'OUT1',
    chatJid: ANA.pn,
    pn: ANA.pn,
    lid: null,
    message: proto.Message.encode(message).finish(),
    remetente: 'ATENDENTE',
    ...changes,
  };
}

/** Attributes of a stanza in the group, from Ana unless said otherwise. */
export function inGroup(attrs: Record<string, string> = {}): Record<string, string> {
  return { from: GROUP, participant: ANA.lid, participant_pn: ANA.pn, sender_lid: '', ...attrs };
}

/** Attributes of a stanza that our own phone wrote to Ana. */
export function fromOurPhone(attrs: Record<string, string> = {}): Record<string, string> {
  return {
    from: '5511900000000@s.whatsapp.net',
    sender_lid: '900000000000@lid',
    recipient: ANA.pn,
    recipient_lid: ANA.lid,
    ...attrs,
  };
}

export async function decodeRow(entry: LogEntry, options?: DecodeOptions): Promise<EventoMensagem> {
  const events = await decodeEntry(entry, options);
  const row = events[0];
  if (events.length !== 1 || row?.op !== 'mensagem') throw new Error(`no single row: ${JSON.stringify(events)}`);
  return row;
}

export async function decodeOne<Op extends Evento['op']>(
  entry: LogEntry,
  op: Op,
): Promise<Extract<Evento, { op: Op }>> {
  const events = await decodeEntry(entry);
  const event = events[0];
  if (events.length !== 1 || event?.op !== op) throw new Error(`no single ${op}: ${JSON.stringify(events)}`);
  return event as Extract<Evento, { op: Op }>;
}
