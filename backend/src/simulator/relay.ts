import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Companion } from './companion.js';
import type { Parcel } from './mailbox.js';
import { node, seconds } from './stanzas.js';

/** Passes a message of one companion on to another: of the same account (a copy of what it sent), or of the account it
 *  wrote to. Receipts and retry requests go back the same way. */
export function relay(from: Companion, to: Companion, stanza: BinaryNode, parts: BinaryNode[]): void {
  const { id, type, edit, category, to: chat } = stanza.attrs;
  const own = from.phone === to.phone;
  const group = chat?.endsWith('@g.us') ?? false;
  const lid = chat?.endsWith('@lid') || stanza.attrs.addressing_mode === 'lid';
  const [author, other] = lid ? [from.lid, from.phone.pnJid] : [from.jid, from.phone.lidJid];
  const attrs = {
    ...{ id, type, edit, category, t: seconds(), notify: from.phone.name },
    ...(group ? groupEnvelope(chat!, author, other, lid) : chatEnvelope(author, other, lid)),
    recipient: own && !group ? chat : undefined,
  };
  const parcel: Parcel = { stanza: node('message', attrs, parts) };
  const retried = parts[0]?.attrs.count === undefined ? undefined : to.mailbox.find('message', id!, author);
  if (retried) {
    retried.stanza = parcel.stanza;
    return to.mailbox.redeliver(retried);
  }
  const answer = (extra: Record<string, string | undefined>, content?: BinaryNode[]) =>
    from.mailbox.post({
      stanza: node('receipt', { ...answerAddress(to, chat!, group, lid), id, t: seconds(), ...extra }, content),
    });
  parcel.onReceipt = () => {
    if (!own) answer({});
  };
  parcel.onRetry = ({ content }) => answer({ type: 'retry' }, Array.isArray(content) ? content : []);
  to.mailbox.post(parcel);
}

const chatEnvelope = (author: string, other: string, lid: boolean) =>
  lid ? { from: author, addressing_mode: 'lid', sender_pn: other } : { from: author, sender_lid: other };

const groupEnvelope = (group: string, author: string, other: string, lid: boolean) =>
  lid
    ? { from: group, participant: author, addressing_mode: 'lid', participant_pn: other }
    : { from: group, participant: author, addressing_mode: 'pn', participant_lid: other };

const answerAddress = (reader: Companion, chat: string, group: boolean, lid: boolean) => {
  const device = lid ? reader.lid : reader.jid;
  return group ? { from: chat, participant: device } : { from: device };
};
