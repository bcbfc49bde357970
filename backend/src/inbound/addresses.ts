import { digitsOfJid } from '../lib/phone-number.js';
import { visibleName } from '../lib/text.js';
import type { Endereco } from '../supabase/evento.js';

/** This number, as the journal entry knew it: `id` is its phone-number address, `lid` the other one (devices allowed). */
export interface Me {
  id: string;
  lid: string | null;
}

const SERVERS: Record<string, string> = { 'c.us': 's.whatsapp.net', hosted: 's.whatsapp.net', 'hosted.lid': 'lid' };

/** Without device and agent; `c.us` and the hosted variants become the plain server (Baileys' `cleanMessage` does the same). */
export function plainJid(jid: string): string {
  const at = jid.indexOf('@');
  if (at < 0) return jid;
  const server = jid.slice(at + 1);
  const plainServer = SERVERS[server] ?? server;
  const end = jid.search(/[:_@]/);
  return end === at && plainServer === server ? jid : `${jid.slice(0, end)}@${plainServer}`;
}

export function isGroupJid(jid: string): boolean {
  return jid.endsWith('@g.us');
}

/** Whether `jid` is this number, in either of its addresses and on any device. */
export function isMe(jid: string, me: Me): boolean {
  const plain = plainJid(jid);
  return plain === plainJid(me.id) || (me.lid !== null && plain === plainJid(me.lid));
}

/** Digits of this number; null while they are not known. */
export function ownNumber(me: Me | null): string | null {
  return me === null ? null : digitsOfJid(plainJid(me.id));
}

type MaybeJid = string | null | undefined;

/** A person known by `jid` and by whatever other addresses of theirs the stanza tells. */
export function person(jid: string, others: MaybeJid[] = [], nomePerfil?: string | null): Endereco {
  const party: Endereco = { tipo: 'pessoa', jid: plainJid(jid), pn: null, lid: null };
  learn(party, party.jid);
  for (const other of others) if (other) learn(party, plainJid(other));
  // A name of which nothing can be seen would stand in lists and greetings as a hole.
  if (nomePerfil && visibleName(nomePerfil) !== null) party.nome_perfil = nomePerfil;
  return party;
}

/** The first address of each kind counts. */
function learn(party: Endereco, address: string): void {
  if (address.endsWith('@s.whatsapp.net')) party.pn ??= address;
  else if (address.endsWith('@lid')) party.lid ??= address;
}

/** A chat of many: group, broadcast list, status or channel. It has one address. */
export function crowd(jid: string): Endereco {
  return { tipo: 'grupo', jid: plainJid(jid), pn: null, lid: null };
}

/** This number as a chat: the notes that people write to themselves. */
export function self(me: Me): Endereco {
  return { ...person(me.id, [me.lid]), tipo: 'eu' };
}

/** A chat from an address alone, with the person's other address when it is known. */
export function chatFromJid(jid: string, others: MaybeJid[], me: Me | null): Endereco {
  if (/@(g\.us|broadcast|newsletter)$/.test(jid)) return crowd(jid);
  return me !== null && isMe(jid, me) ? self(me) : person(jid, others);
}
