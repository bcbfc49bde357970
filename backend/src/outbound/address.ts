import type { NewLogEntry, OutboxRecord } from '../journal/records.js';
import type { FoundNumber } from './number-check.js';
import { digitsOfJid, officialSpelling, pnJid, type Recipient } from '../lib/phone-number.js';

/** Where a send goes and whose row it is: `chatJid` null = WhatsApp has not told yet. */
export type Address = Pick<OutboxRecord, 'chatJid' | 'pn' | 'lid'>;

/**
 * The address before WhatsApp was asked. The row exists from the moment of acceptance, so it needs a contato: the one of
 * the official spelling, which is the same for both spellings of a Brazilian number.
 */
export function unresolvedAddress(digits: string): Address {
  return { chatJid: null, pn: pnJid(officialSpelling(digits)), lid: null };
}

/** The address of what can be sent to without asking, or was asked already. */
export function knownAddress(target: FoundNumber | Extract<Recipient, { kind: 'jid' }>, pn: string | null): Address {
  if (target.kind === 'found') return { chatJid: target.jid, pn: target.pn, lid: target.lid };
  const isPerson = target.tipo === 'pessoa';
  return { chatJid: target.jid, pn: isPerson ? pn : null, lid: isPerson ? target.jid : null };
}

/**
 * WhatsApp's answer, applied to a record that was accepted without it. When the answer is another phone number than the
 * row's, the row must stay findable:
 * - the two spellings of a Brazilian mobile are one contato in the database anyway: the record takes WhatsApp's;
 * - any other respelling (Mexico's and Argentina's extra digit) needs the LID as a bridge: one entry ties it to the row's
 *   contato, a second one gives that contato its true number, which the record takes, too;
 * - without a LID the record keeps the row's number, and the entry says at which JID that contato is reached.
 * @returns the record to store and the entries to commit with it, in this order.
 */
export function applyAnswer(
  record: OutboxRecord,
  answer: FoundNumber,
): { record: OutboxRecord; entries: NewLogEntry[] } {
  const { connectionId } = record;
  const { jid, lid } = answer;
  const contact = (pn: string | null): NewLogEntry => ({ kind: 'contact', connectionId, tipo: 'pessoa', jid, pn, lid });
  const isOneContato = record.pn !== null && spellingOf(record.pn) === spellingOf(answer.pn);
  const pn = isOneContato || lid !== null ? answer.pn : record.pn;
  const entries = isOneContato || lid === null ? [contact(pn)] : [contact(record.pn), contact(pn)];
  return { record: { ...record, chatJid: jid, pn, lid }, entries };
}

/** What decides which line a send waits in. */
export type Destination = Address & Pick<OutboxRecord, 'to'>;

/** Sends with one key keep their order. The official spelling makes it the same before and after WhatsApp has answered. */
export function chatKey(record: Destination): string {
  if (record.pn !== null) return spellingOf(record.pn);
  return record.lid ?? record.chatJid ?? record.to;
}

function spellingOf(pn: string): string {
  return officialSpelling(digitsOfJid(pn) ?? pn);
}
