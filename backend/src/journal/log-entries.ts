import type { HistoryJob, MediaJob, StoredMedia } from './media-records.js';
import type { ScheduledSummary, TemplateRecord } from './schedule-records.js';
import type { NewEvent } from './webhooks/records.js';

/**
 * What the journal keeps. One LMDB environment, one ordered log: everything that must become a row in Postgres
 * is an entry in it, in the order in which it happened. `seq` is that order (`ordem` of a row).
 */

/** A Baileys binary node; ciphertexts of stored stanzas are replaced by their sha256 (32 bytes). */
export interface StoredNode {
  tag: string;
  attrs: Record<string, string>;
  content?: StoredNode[] | Uint8Array | string;
}

/** What became of one `enc` part of a stanza. */
export interface StanzaPart {
  sha256: Uint8Array;
  /** Padded plaintext as Signal decryption yields it; null when it could not be decrypted. */
  plaintext: Uint8Array | null;
  error?: string;
}

interface EntryBase {
  seq: number;
  connectionId: string;
  /** When it was journaled, ms since the epoch. */
  at: number;
}

/** A received `<message>` stanza, all of whose `enc` parts have an outcome. */
export interface StanzaEntry extends EntryBase {
  kind: 'stanza';
  node: StoredNode;
  parts: StanzaPart[];
  me: { id: string; lid: string | null };
}

/** A received `<receipt>` stanza about our own messages (delivered, read, played, or read on our phone). */
export interface ReceiptEntry extends EntryBase {
  kind: 'receipt';
  node: StoredNode;
  me: { id: string; lid: string | null };
}

/** A message that was accepted for sending (its outbox record has the same `whatsappId`). */
export interface OutgoingEntry extends EntryBase {
  kind: 'outgoing';
  rowId: string;
  whatsappId: string;
  chatJid: string;
  pn: string | null;
  lid: string | null;
  /** Encoded proto.Message. */
  message: Uint8Array;
  /** Its file, under this name among the staged ones. */
  file?: string;
  remetente: 'ATENDENTE' | 'SISTEMA';
  /** This number's address; absent while it is not known, and in entries of before. */
  remetenteJid?: string;
}

/** What became of a send. */
export interface OutcomeEntry extends EntryBase {
  kind: 'outcome';
  whatsappId: string;
  chatJid: string;
  pn: string | null;
  lid: string | null;
  /** null = accepted by the server; else the final error's code. */
  error: string | null;
  /** The server ack's time, ms since the epoch. */
  serverTime: number;
  /** Accepted in a group whose members are known: all of them, this number too. */
  members?: { pn: string | null; lid: string | null }[];
}

/** A `<notification>` about a group: somebody was added or left, the subject changed, … */
export interface NotificationEntry extends EntryBase {
  kind: 'notification';
  node: StoredNode;
  me: { id: string; lid: string | null };
}

/** The session's row changed; `changes` are columns of `whatsapp_sessions`. */
export interface SessionEntry extends EntryBase {
  kind: 'session';
  changes: Record<string, unknown>;
}

/** Names or addresses of a party became known. */
export interface ContactEntry extends EntryBase {
  kind: 'contact';
  tipo: 'pessoa' | 'grupo' | 'eu';
  jid: string;
  pn: string | null;
  lid: string | null;
  nome?: string | null;
  nomePerfil?: string | null;
  /** Verified name of a business account. */
  nomeEmpresa?: string | null;
  bloqueado?: boolean;
  /** Its picture as WhatsApp was asked for it at `at` (ms since the epoch); `url` null = there is none to see. */
  foto?: { url: string | null; at: number };
}

/** What became of the file of a message: where it lies now, or why it will never be there. */
export interface MediaEntry extends EntryBase {
  kind: 'media';
  /** `whatsapp_mensagens.id`. */
  rowId: string;
  /** Absent in entries of before it was noted. */
  whatsappId?: string;
  /** null: it failed for good, or (without an error) is asked for again. */
  stored: StoredMedia | null;
  /** Where the gateway shows it. */
  url: string | null;
  /** Why, when `stored` is null. */
  error: string | null;
}

/** Customers' messages were read here, and WhatsApp was told. */
export interface ReadEntry extends EntryBase {
  kind: 'read';
  chatJid: string;
  pn: string | null;
  lid: string | null;
  whatsappIds: string[];
}

/** An event that an Evolution API server posted to our webhook, to become rows (src/inbound/evolution). */
export interface EvolutionEntry extends EntryBase {
  kind: 'evolution';
  /** In dots and lower case: `messages.upsert`. */
  event: string;
  /** One item of the event's `data`, as JSON text; a file that came inside it is taken out. */
  data: string;
  /** The message that it is about; null when it is about none. */
  whatsappId: string | null;
  /** This number, when the server told it. */
  me: { id: string; lid: string | null } | null;
  /** Digits of this number as the connection had it, whatever the event says; absent in entries of before. */
  numero?: string | null;
  /** Where the server has put the file of the message; null = nowhere, or it came along. */
  mediaUrl: string | null;
  /** The file that came with it, under this name among the staged ones; also the id of the message's row. */
  file?: string;
}

/** A scheduled message as it stands now. */
export interface ScheduledEntry extends EntryBase {
  kind: 'scheduled';
  summary: ScheduledSummary;
}

/** A text template was written or removed; of no connection (`connectionId` is empty). */
export interface TemplateEntry extends EntryBase {
  kind: 'template';
  template: TemplateRecord;
  removed: boolean;
}

/** A message of before, as the phone has handed it over with its chat's history. */
export interface HistoryEntry extends EntryBase {
  kind: 'history';
  /** Encoded proto.WebMessageInfo. */
  info: Uint8Array;
  /** The chat it is of: its address, the others that are known, and its name. */
  chat: { jid: string; pn: string | null; lid: string | null; nome: string | null };
  me: { id: string; lid: string | null };
  /** It was missed (docs/adr/0012), so it counts as any message that comes in; else it is only kept. */
  missed: boolean;
}

/** Somebody as WhatsApp addresses them. */
export interface PartyAddress {
  tipo: 'pessoa' | 'grupo' | 'eu';
  jid: string;
  pn: string | null;
  lid: string | null;
}

/** What was sealed with the secret of the message it changes (an edit, a reaction) was opened, or cannot be. */
export interface OpenedEntry extends EntryBase {
  kind: 'opened';
  /** Where it lay in the `dados` of its target: `<kind>:<id of the message that brought it>`. */
  key: string;
  /** When it was sent, ISO 8601 in UTC. */
  em: string;
  /** The message that it changes; `author` null = this number. */
  target: { chat: PartyAddress; author: PartyAddress | null; whatsappId: string };
  /** Who sent it; null = this number. */
  author: PartyAddress | null;
  /** null: it cannot be opened, see `error`. */
  plaintext: Uint8Array | null;
  error: string | null;
}

/** How far a call of somebody else has come. Each call has one outcome: everything but `offered`. */
export type CallStatus = 'offered' | 'missed' | 'accepted_elsewhere' | 'rejected_elsewhere' | 'rejected';

/** A call of somebody else, as its stanzas tell it. */
export interface CallFacts {
  callId: string;
  status: CallStatus;
  caller: PartyAddress & { nome_perfil?: string | null };
  /** The group in which it rings; null when it is between two. */
  group: PartyAddress | null;
  video: boolean;
  /** WhatsApp's time, ms since the epoch; null when it did not say. */
  time: number | null;
}

export interface CallEntry extends EntryBase, CallFacts {
  kind: 'call';
  /** This number; absent in entries of before, and where only an answer to the call is told. */
  me?: { id: string; lid: string | null };
}

/** A record of the log that cannot be read any more (a bit of the disk, or a tampered value): it can only be parked. */
export interface UnreadableEntry extends EntryBase {
  kind: 'unreadable';
  /** Exactly what lies on the disk, for whoever can still read something in it. */
  bytes: Uint8Array;
}

export type LogEntry =
  | UnreadableEntry
  | StanzaEntry
  | ReceiptEntry
  | NotificationEntry
  | OutgoingEntry
  | OutcomeEntry
  | SessionEntry
  | ContactEntry
  | MediaEntry
  | ReadEntry
  | HistoryEntry
  | OpenedEntry
  | ScheduledEntry
  | TemplateEntry
  | EvolutionEntry
  | CallEntry;

/** What is queued in the commit that completes entries: news for webhooks, and files that messages speak of. */
export interface FollowUps {
  events?: readonly NewEvent[];
  media?: readonly MediaJob[];
  history?: readonly HistoryJob[];
}
type WithoutSeq<E> = E extends LogEntry ? Omit<E, 'seq' | 'at'> : never;
/** An entry before it has its place in the log. */
export type NewLogEntry = WithoutSeq<LogEntry>;
