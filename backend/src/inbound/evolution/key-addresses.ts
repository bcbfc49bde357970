import type { Endereco } from '../../supabase/evento.js';
import { crowd, isMe, person, self, type Me } from '../addresses.js';
import { chatKind, type ChatKind } from '../stanza-addresses.js';
import type { WireKey } from './wire.js';

/** Where a message of an Evolution server belongs and who wrote it. */
export interface KeyAddresses {
  kind: ChatKind;
  chat: Endereco;
  /** null = this number. */
  autor: Endereco | null;
  remetenteJid: string;
}

/**
 * Reads the addresses of a message key. The phone number, where the server tells it (`remoteJidAlt`, before 2.3.5
 * `senderPn`), comes before the LID: it is what a CRM can dial, and both end up on the contact
 * (EvolutionAPI/evolution-api#2217, #1778). An "other address" that is this number's own is a slip of Baileys with
 * messages that the phone sent, and is passed over.
 * @param pushName of the author; of ours it names ourselves, so it is used for others only
 */
export function keyAddresses(key: WireKey, me: Me | null, pushName?: string): KeyAddresses {
  const { remoteJid, fromMe = false, participant } = key;
  const kind = chatKind(remoteJid);
  const isOwn = (jid: string | undefined) => jid !== undefined && me !== null && isMe(jid, me);
  const notOwn = (...jids: (string | undefined)[]) =>
    jids.filter((jid) => jid !== undefined && !isOwn(jid)) as string[];
  if (kind === 'privado') {
    if (isOwn(remoteJid) && me)
      return { kind, chat: self(me), autor: fromMe ? null : self(me), remetenteJid: remoteJid };
    const [first, ...others] = notOwn(key.remoteJidAlt, key.senderPn, remoteJid);
    const chat = person(first ?? remoteJid, others, fromMe ? null : pushName);
    return { kind, chat, autor: fromMe ? null : chat, remetenteJid: remoteJid };
  }
  const chat = crowd(remoteJid);
  if (fromMe || isOwn(participant)) return { kind, chat, autor: null, remetenteJid: participant ?? remoteJid };
  const [first, ...others] = notOwn(key.participantAlt, key.participantPn, key.senderPn, participant);
  const autor = first === undefined ? chat : person(first, others, pushName);
  return { kind, chat, autor, remetenteJid: participant ?? first ?? remoteJid };
}
