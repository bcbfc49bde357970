import type { Endereco } from '../supabase/evento.js';
import { crowd, isGroupJid, isMe, person, self, type Me } from './addresses.js';

export type ChatKind = 'privado' | 'grupo' | 'status' | 'lista' | 'canal';

/** Where a stanza belongs and who wrote it. */
export interface StanzaAddresses {
  kind: ChatKind;
  chat: Endereco;
  /** null = this number, on its phone or another of its devices. */
  autor: Endereco | null;
  /** As received, device included. */
  remetenteJid: string;
}

/** An entry that names no sender or no message id can become no row: it goes to the dead letters, where people see it. */
export class UndecodableEntry extends Error {
  override readonly name = 'UndecodableEntry';
}

export function chatKind(jid: string): ChatKind {
  if (isGroupJid(jid)) return 'grupo';
  if (jid === 'status@broadcast') return 'status';
  if (jid.endsWith('@broadcast')) return 'lista';
  return jid.endsWith('@newsletter') ? 'canal' : 'privado';
}

/**
 * Reads the addresses of a `<message>` or `<receipt>` stanza. WhatsApp sends the other address of a sender along as
 * `sender_pn`/`sender_lid` (private), `participant_pn`/`participant_lid` (groups), and for what this number's own phone
 * wrote, the recipient's as `recipient_*` or `peer_recipient_*`; Baileys' `remoteJidAlt` mixes the last two up.
 */
export function stanzaAddresses(attrs: Record<string, string>, me: Me): StanzaAddresses {
  const { from, participant } = attrs;
  if (!from) throw new UndecodableEntry('the stanza has no sender');
  const kind = chatKind(from);
  if (kind === 'privado') return privateAddresses(attrs, from, me);
  if (kind === 'canal') return { kind, chat: crowd(from), autor: crowd(from), remetenteJid: from };
  if (!participant) return { kind, chat: crowd(from), autor: crowd(from), remetenteJid: from };
  const autor = isMe(participant, me) ? null : participantOf(attrs, participant);
  // A broadcast list is one to its owner; everybody else sees a private chat.
  const chat = kind === 'lista' && autor !== null ? autor : crowd(from);
  return { kind, chat, autor, remetenteJid: participant };
}

function privateAddresses(attrs: Record<string, string>, from: string, me: Me): StanzaAddresses {
  if (!isMe(from, me)) {
    const chat = person(from, [attrs.sender_pn, attrs.sender_lid], attrs.notify);
    return { kind: 'privado', chat, autor: chat, remetenteJid: from };
  }
  const recipient = attrs.recipient || from;
  const kind = chatKind(recipient);
  if (kind !== 'privado') return { kind, chat: crowd(recipient), autor: null, remetenteJid: from };
  const others = [attrs.recipient_pn, attrs.recipient_lid, attrs.peer_recipient_pn, attrs.peer_recipient_lid];
  const chat = isMe(recipient, me) ? self(me) : person(recipient, others);
  return { kind, chat, autor: null, remetenteJid: from };
}

function participantOf(attrs: Record<string, string>, participant: string): Endereco {
  const others = [attrs.participant_pn, attrs.participant_lid, attrs.sender_pn, attrs.sender_lid];
  return person(participant, others, attrs.notify);
}
