import type { ReceiptEntry, StoredNode } from '../journal/records.js';
import type { Endereco, Evento, StatusMensagem } from '../supabase/evento.js';
import { person } from './addresses.js';
import { isoFromSeconds } from './content/proto-values.js';
import { isLeftOut, type DecodeOptions } from './decode-options.js';
import { stanzaAddresses, type StanzaAddresses } from './stanza-addresses.js';

/** A receipt's `type` → what it says about our message. Types that are not here (retry, sender, server-error, peer_msg,
 *  hist_sync …) are talk between devices. */
const STATUS_BY_TYPE: Record<string, StatusMensagem> = {
  '': 'ENTREGUE',
  inactive: 'ENTREGUE',
  delivery: 'ENTREGUE',
  read: 'LIDA',
  played: 'REPRODUZIDA',
};

/** A receipt of our own phone or another of our devices: which types mean that somebody here has read the chat. */
const READ_HERE = new Set(['read', 'read-self', 'played', 'played-self']);

/** A `<receipt>` stanza → statuses of our messages, or the fact that we have read theirs. */
export function decodeReceipt(entry: ReceiptEntry, options: DecodeOptions): Evento[] {
  const { attrs } = entry.node;
  const addresses = stanzaAddresses(attrs, entry.me);
  if (isLeftOut(addresses.kind, options)) return [];
  const type = attrs.type ?? '';
  if (addresses.autor === null) return READ_HERE.has(type) ? readHere(entry, addresses.chat) : [];
  const status = STATUS_BY_TYPE[type];
  if (status === undefined) return [];
  return addresses.kind === 'privado' ? theirs(entry, addresses, status) : groupReceipts(entry, addresses, status);
}

function readHere(entry: ReceiptEntry, chat: Endereco): Evento[] {
  const whatsapp_ids = messageIds(entry.node);
  return whatsapp_ids.length > 0 ? [{ op: 'leitura', sessao: entry.connectionId, chat, whatsapp_ids }] : [];
}

function theirs(entry: ReceiptEntry, { chat }: StanzaAddresses, status: StatusMensagem): Evento[] {
  const timestamp = timeOf(entry, entry.node.attrs.t);
  return messageIds(entry.node).map((id) => statusEvent(entry, chat, id, status, timestamp, null));
}

/** One participant's receipt, or (`<participants key><user jid t/>`) those of several for one message. */
function groupReceipts(entry: ReceiptEntry, addresses: StanzaAddresses, status: StatusMensagem): Evento[] {
  const { node } = entry;
  if (node.attrs.participant) {
    const timestamp = timeOf(entry, node.attrs.t);
    return messageIds(node).map((id) => statusEvent(entry, addresses.chat, id, status, timestamp, addresses.autor));
  }
  return children(node, 'participants').flatMap((group) =>
    children(group, 'user').flatMap((user) => {
      const { jid, t } = user.attrs;
      const id = group.attrs.key ?? node.attrs.id;
      if (!jid || !id) return [];
      const participante = person(jid, [user.attrs.participant_pn, user.attrs.participant_lid]);
      return [statusEvent(entry, addresses.chat, id, status, timeOf(entry, t ?? node.attrs.t), participante)];
    }),
  );
}

function statusEvent(
  entry: ReceiptEntry,
  chat: Endereco,
  whatsapp_id: string,
  status: StatusMensagem,
  timestamp: string,
  participante: Endereco | null,
): Evento {
  return { op: 'status', sessao: entry.connectionId, chat, whatsapp_id, status, timestamp, participante };
}

function timeOf(entry: ReceiptEntry, t: string | undefined): string {
  return isoFromSeconds(Number(t)) ?? new Date(entry.at).toISOString();
}

/** The stanza's own id and those of its `<list>`. */
function messageIds(node: StoredNode): string[] {
  const listed = children(node, 'list').flatMap((list) => children(list, 'item').map((item) => item.attrs.id));
  return [...new Set([node.attrs.id, ...listed])].filter((id) => id !== undefined && id !== '') as string[];
}

function children(node: StoredNode, tag: string): StoredNode[] {
  return Array.isArray(node.content) ? node.content.filter((child) => child.tag === tag) : [];
}
