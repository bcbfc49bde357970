import type { EvolutionEntry } from '../../journal/records.js';
import type { Evento, StatusMensagem } from '../../supabase/evento.js';
import { crowd, isGroupJid, isMe, person } from '../addresses.js';
import { isoFromMs } from '../content/proto-values.js';
import { isLeftOut, type DecodeOptions } from '../decode-options.js';
import type { ContentRow } from '../content/handler.js';
import { describe, unknownRow } from '../describe.js';
import { mentionsOf } from '../show-numbers.js';
import { UndecodableEntry } from '../stanza-addresses.js';
import { decodeMessage } from './decode-message.js';
import { keyAddresses } from './key-addresses.js';
import { messageFromJson } from './message-json.js';
import { isRowEvent, wireContact, wireDeletion, wireEdit, wireGroup, wireMessage, wireUpdate } from './wire.js';
import type { RowEvent, WireKey } from './wire.js';

type Decoder = (entry: EvolutionEntry, item: unknown, options: DecodeOptions) => Evento[];

/** What each event means for the database; `data` was checked against the same forms when it came in. */
const DECODERS: Record<RowEvent, Decoder> = {
  'messages.upsert': (entry, item, options) => decodeMessage(entry, wireMessage.parse(item), options),
  'messages.set': (entry, item, options) =>
    decodeMessage(entry, wireMessage.parse(item), options).map((event) =>
      event.op === 'mensagem' ? { ...event, historico: true } : event,
    ),
  'send.message': (entry, item, options) => decodeMessage(entry, wireMessage.parse(item), options),
  'messages.edited': decodeEdit,
  'messages.update': decodeUpdate,
  'send.message.update': decodeUpdate,
  'messages.delete': (entry, item, options) => deletion(entry, wireDeletion.parse(item).key, options),
  'contacts.set': decodeContact,
  'contacts.upsert': decodeContact,
  'contacts.update': decodeContact,
  'groups.upsert': decodeGroup,
  'groups.update': decodeGroup,
};

/** Evolution's names, and WhatsApp's numbers that some versions let through. */
const STATUSES: Record<string, StatusMensagem> = {
  ERROR: 'ERRO',
  SERVER_ACK: 'ENVIADA',
  DELIVERY_ACK: 'ENTREGUE',
  READ: 'LIDA',
  PLAYED: 'REPRODUZIDA',
  '0': 'ERRO',
  '2': 'ENVIADA',
  '3': 'ENTREGUE',
  '4': 'LIDA',
  '5': 'REPRODUZIDA',
};

/**
 * One item of an event of an Evolution server → the same items that the same thing would be over our own socket.
 * @throws UndecodableEntry when the entry is not one that the webhook lets in
 */
export function decodeEvolution(entry: EvolutionEntry, options: DecodeOptions): Evento[] {
  if (!isRowEvent(entry.event)) throw new UndecodableEntry(`no row comes of ${entry.event}`);
  return DECODERS[entry.event](entry, JSON.parse(entry.data), options);
}

function decodeEdit(entry: EvolutionEntry, item: unknown, options: DecodeOptions): Evento[] {
  const { key, editedMessage, timestampMs } = wireEdit.parse(item);
  const { kind, chat, autor } = keyAddresses(key, entry.me);
  if (isLeftOut(kind, options)) return [];
  const row = editedRow(editedMessage);
  const editada_em = isoFromMs(timestampMs) ?? new Date(entry.at).toISOString();
  const alvo = { chat, autor, whatsapp_id: key.id };
  const edited = { conteudo: row.conteudo, editada_em, ...mentionsOf(row) };
  return [{ op: 'edicao', sessao: entry.connectionId, alvo, ...edited }];
}

/** What cannot be read is shown as such: that it was edited is a fact all the same. */
function editedRow(editedMessage: Record<string, unknown>): ContentRow {
  try {
    return describe(messageFromJson({ message: editedMessage }));
  } catch {
    return unknownRow(null, null, {});
  }
}

function decodeUpdate(entry: EvolutionEntry, item: unknown, options: DecodeOptions): Evento[] {
  const { key, status, pollUpdates } = wireUpdate.parse(item);
  if (status === 'DELETED') return deletion(entry, key, options);
  const { kind, chat, autor } = keyAddresses(key, entry.me);
  if (isLeftOut(kind, options)) return [];
  const { connectionId: sessao } = entry;
  const votes = pollUpdates?.map(({ name, voters }) => ({ opcao: name, votantes: voters }));
  const alvo = { chat, autor, whatsapp_id: key.id };
  const events: Evento[] = votes ? [{ op: 'dados', sessao, alvo, dados: { votosEvolution: votes } }] : [];
  const now = STATUSES[String(status)];
  if (now === undefined) return events;
  // A customer's message that is READ was read here, on the phone.
  if (!key.fromMe) {
    const isRead = now === 'LIDA' || now === 'REPRODUZIDA';
    return isRead ? [...events, { op: 'leitura', sessao, chat, whatsapp_ids: [key.id] }] : events;
  }
  return [...events, statusEvent(entry, key, now)];
}

function statusEvent(entry: EvolutionEntry, key: WireKey, status: StatusMensagem): Evento {
  const { connectionId: sessao } = entry;
  const { kind, chat } = keyAddresses(key, entry.me);
  const member = kind === 'grupo' ? key.participant : undefined;
  return {
    ...{ op: 'status', sessao, chat, whatsapp_id: key.id, status, timestamp: new Date(entry.at).toISOString() },
    erro: status === 'ERRO' ? 'REJECTED_BY_WHATSAPP' : null,
    participante: member === undefined || (entry.me && isMe(member, entry.me)) ? null : person(member),
  };
}

function deletion(entry: EvolutionEntry, key: WireKey, options: DecodeOptions): Evento[] {
  const { kind, chat, autor } = keyAddresses(key, entry.me);
  if (isLeftOut(kind, options)) return [];
  const apagada_em = new Date(entry.at).toISOString();
  const alvo = { chat, autor, whatsapp_id: key.id };
  return [{ op: 'apagamento', sessao: entry.connectionId, alvo, apagada_em }];
}

/** Contacts that are groups come here too, with a name; the number's own entry tells nothing new. */
function decodeContact(entry: EvolutionEntry, item: unknown): Evento[] {
  const { remoteJid, remoteJidAlt, pushName, name } = wireContact.parse(item);
  const { connectionId: sessao, me } = entry;
  if (me && isMe(remoteJid, me)) return [];
  if (isGroupJid(remoteJid)) return groupName(entry, remoteJid, name ?? pushName);
  if (!/@(s\.whatsapp\.net|c\.us|lid)$/.test(remoteJid)) return [];
  const contato = { ...person(remoteJid, [remoteJidAlt], pushName), ...(name && { nome: name }) };
  return [{ op: 'contato', sessao, contato }];
}

function decodeGroup(entry: EvolutionEntry, item: unknown): Evento[] {
  const { id, subject } = wireGroup.parse(item);
  return isGroupJid(id) ? groupName(entry, id, subject) : [];
}

function groupName({ connectionId: sessao }: EvolutionEntry, jid: string, nome: string | undefined): Evento[] {
  return nome ? [{ op: 'contato', sessao, contato: { ...crowd(jid), nome } }] : [];
}
