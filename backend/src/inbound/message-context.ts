import type { proto } from '@whiskeysockets/baileys';
import type { Alvo, Endereco, Remetente, StatusMensagem } from '../supabase/evento.js';
import { isMe, person, type Me } from './addresses.js';

/** Everything about a message but its content. */
export interface MessageContext {
  sessao: string;
  /** Journal sequence. */
  ordem: number;
  /** The row's id; asked for only when a row comes of it. */
  rowId(): string;
  chat: Endereco;
  /** null = this number. */
  autor: Endereco | null;
  me: Me | null;
  /** Digits of this connection's own number, null = not known; absent: those of `me`. */
  numeroProprio?: string | null;
  whatsappId: string;
  remetenteJid: string;
  /** ISO 8601 in UTC. */
  timestamp: string;
  remetente: Remetente;
  status: StatusMensagem;
  /** The stanza's `edit` attribute: 1 edit, 7 deleted by its author, 8 deleted by a group's admin. */
  edit?: string | undefined;
}

type Key = proto.IMessageKey | null | undefined;

/** A message that the author of this one wrote. Edits and deletions are looked up so whatever their key claims. */
export function ownTarget(key: Key, context: MessageContext): Alvo | null {
  return key?.id ? { chat: context.chat, autor: context.autor, whatsapp_id: key.id } : null;
}

/**
 * The message that a reaction, vote or pin points at. `fromMe`, `remoteJid` and `participant` of its key are in the
 * perspective of whoever sent it; in a private chat what is not theirs is the other side's.
 */
export function target(key: Key, context: MessageContext): Alvo | null {
  if (!key?.id) return null;
  return { chat: context.chat, autor: targetAuthor(key, context), whatsapp_id: key.id };
}

function targetAuthor(key: proto.IMessageKey, context: MessageContext): Endereco | null {
  if (key.fromMe) return context.autor;
  if (context.chat.tipo !== 'grupo') return context.autor === null ? context.chat : null;
  return key.participant ? participant(key.participant, context) : context.autor;
}

/** A group member named in a message's content; null = this number. */
export function participant(jid: string, context: MessageContext): Endereco | null {
  if (context.me !== null && isMe(jid, context.me)) return null;
  const someone = person(jid);
  const { autor } = context;
  const isAuthor = autor !== null && [autor.jid, autor.pn, autor.lid].includes(someone.jid);
  return isAuthor ? autor : someone;
}
