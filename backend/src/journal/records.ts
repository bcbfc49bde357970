import type { ScheduledRecord, ScheduledSummary, TemplateRecord } from './schedule-records.js';
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
  | ScheduledEntry
  | TemplateEntry
  | EvolutionEntry;

/** What is queued in the commit that completes entries: news for webhooks, and files that messages speak of. */
export interface FollowUps {
  events?: readonly NewEvent[];
  media?: readonly MediaJob[];
  history?: readonly HistoryJob[];
}
type WithoutSeq<E> = E extends LogEntry ? Omit<E, 'seq' | 'at'> : never;
/** An entry before it has its place in the log. */
export type NewLogEntry = WithoutSeq<LogEntry>;

/** A part of a stanza, found again by connection + sha256(ciphertext) when WhatsApp delivers it again. Kept ≥ 14 days. */
export interface PartRecord {
  connectionId: string;
  sha256: Uint8Array;
  /** Dropped (null) once the row exists; then only the fact that it was seen stays. */
  plaintext: Uint8Array | null;
  at: number;
}

/** A stanza that Baileys itself has work with, kept until that work is seen to end. */
export interface ReplayRecord {
  connectionId: string;
  /** Of its last ciphertext. */
  sha256: Uint8Array;
  node: StoredNode;
  parts: StanzaPart[];
  me: { id: string; lid: string | null };
  at: number;
  /** Replays that failed. */
  tries: number;
}

/** An instance on an Evolution API server. */
export interface EvolutionHome {
  /** Its name there. */
  instance: string;
  /** Base URL and key; null = those of the settings. Both or neither. */
  url: string | null;
  apiKey: string | null;
  /** What its server proves itself with at our webhook; null = only the secret of the settings counts. */
  webhookSecret: string | null;
  /** The server's time of the newest state that was applied, ms; an older one that comes late changes nothing. */
  stateAt: number | null;
}

/** A connection that this gateway keeps, whether or not the database can be reached. */
export interface ConnectionRecord {
  connectionId: string;
  /** `whatsapp_sessions.id`. */
  rowId: string;
  name: string;
  ownerId: string;
  companyId: string | null;
  driver: 'baileys' | 'evolution';
  /** Where it lives, with `driver: 'evolution'`. Never mirrored to the database: it has secrets. */
  evolution?: EvolutionHome;
  /** What a person wants of it: `connected` is restored at start, `disconnected` is left alone. */
  wanted: 'connected' | 'disconnected';
  /** Last known state and why. */
  estado: string;
  motivo: string | null;
  numero: string | null;
  lid: string | null;
  settings: Record<string, unknown>;
  createdAt: number;
  connectedAt: number | null;
  disconnectedAt: number | null;
  lastActivityAt: number | null;
  /** Messages that came in, and messages of the API that WhatsApp has accepted. */
  messageCount: number;
  /** When a QR code was shown last, ms since the epoch. Absent, like the next two, in records of older versions. */
  lastQrAt?: number | null;
  /** How often it became ready. */
  connects?: number;
  /** How often it ceased to be ready, the ends of the process included. */
  disconnects?: number;
}

/** What the connections of an owner (and company) that were deleted had counted: totals do not shrink. */
export interface GoneConnections {
  ownerId: string;
  companyId: string | null;
  created: number;
  connected: number;
  disconnected: number;
  messages: number;
}

/** The file of an accepted message; its bytes and keys were chosen at acceptance and never change. */
export interface OutgoingMedia {
  /** Name among the staged files. */
  file: string;
  classe: string;
  uploaded: boolean;
}

export type OutboxState = 'accepted' | 'sending' | 'sent' | 'failed';

/** A send that was answered with 2xx: it goes out under this one id until WhatsApp accepts it or a final error is recorded. */
export interface OutboxRecord {
  connectionId: string;
  whatsappId: string;
  rowId: string;
  /** Order of acceptance. */
  seq: number;
  /** The recipient as asked for. */
  to: string;
  /** Where it goes: the chat's address; null until the number was resolved with WhatsApp. */
  chatJid: string | null;
  pn: string | null;
  lid: string | null;
  /** Encoded proto.Message; the same bytes on every attempt, and for `getMessage`. */
  message: Uint8Array;
  /** Its file, which goes to WhatsApp before the message does; then `message` says where it lies. */
  media?: OutgoingMedia;
  /** It changes another message (edit, deletion, reaction): no row of its own, the change is made when it is accepted. */
  rowless?: true;
  /** The scheduled message that it was. */
  scheduledId?: string;
  remetente: 'ATENDENTE' | 'SISTEMA';
  state: OutboxState;
  attempts: number;
  /** Final error's code from the catalogue, and WhatsApp's own number or text. */
  error: string | null;
  errorDetail: string | null;
  acceptedAt: number;
  /** The server ack's time. */
  serverTime: number | null;
  expiresAt: number;
}

/**
 * A send that went to another server (src/evolution), which gives messages ids of its own and knows no repetition.
 * `left`: its request may have arrived there, so it is never made again blindly. `waiting`: it has not. `known`: the server has
 * answered, or told of it later.
 */
export interface RemoteSend {
  connectionId: string;
  /** Ours: the outbox's, the row's, what the caller was told. */
  whatsappId: string;
  /** The server's; null until it is known. */
  remoteId: string | null;
  state: 'waiting' | 'left' | 'known';
  /** Every address of the chat that is known. */
  addresses: string[];
  /** Of what it says, to recognise it when the server tells of it. */
  print: string;
  /** When it left, ms since the epoch. */
  at: number;
}

/** A file of a message as it lies in the media store. */
export interface StoredMedia {
  /** `<owner>/<session>/<year>/<month>/<row id>.<extension>`; for good. */
  caminho: string;
  /** MIME type as the bytes say. */
  tipo: string;
  tamanho: number;
  /** The sender's file name; null when it has none. */
  nome: string | null;
}

/** Where the bytes of a message's file come from. */
export type MediaSource =
  | {
      kind: 'whatsapp';
      /** Baileys' name of the key derivation: image, video, ptv, audio, document, sticker, sticker-pack. */
      classe: string;
      url: string | null;
      directPath: string | null;
      mediaKey: Uint8Array;
      fileSha256: Uint8Array | null;
      fileEncSha256: Uint8Array | null;
      fileLength: number | null;
    }
  /** It lies among the staged ones under this name: sent by API, or come with a webhook of an Evolution server. */
  | { kind: 'staged'; file: string }
  /** Where an Evolution server has put it, unencrypted (S3, MinIO). */
  | { kind: 'url'; url: string };

/** The file of one message on its way into the media store; goes on after a crash. */
export interface MediaJob {
  connectionId: string;
  /** `whatsapp_mensagens.id`. */
  rowId: string;
  whatsappId: string;
  state: 'waiting' | 'done' | 'failed';
  source: MediaSource;
  /** For asking the phone: the chat, and in groups the author, as WhatsApp addressed them. */
  chatJid: string;
  participant: string | null;
  fromMe: boolean;
  /** As the message claims; the bytes decide. */
  mimetype: string | null;
  nome: string | null;
  /** The message's own time, ms since the epoch. */
  timestamp: number;
  /** Failures so far, by the name of the rule that judged them (src/media/failure-table.ts). */
  failures: Record<string, number>;
  /** Not before, ms since the epoch. */
  dueAt: number;
  error: string | null;
  /** When it was queued, ms since the epoch. */
  at: number;
}

/** A history that the phone has announced: to be fetched, and its messages put into the log. */
export interface HistoryJob {
  connectionId: string;
  /** Of the message that announced it. */
  id: string;
  /** Encoded proto.Message.HistorySyncNotification. */
  notification: Uint8Array;
  me: { id: string; lid: string | null };
  /** When it was announced, ms since the epoch. */
  at: number;
}

/** The first answer to a request with an Idempotency-Key; kept 7 days. */
export interface IdempotencyRecord {
  /** API key's name (or `anonymous`), connection and the header's value. */
  scope: string;
  key: string;
  /** sha256 of the canonical body. */
  bodySha256: Uint8Array;
  whatsappId: string;
  /** Which connection took the message, where the request did not name it. */
  connectionId?: string;
  at: number;
}

/** An entry that Postgres refuses for good, with why; kept until a person retries or discards it. */
export interface DeadLetter {
  entry: LogEntry;
  reason: { code: string; message: string };
  at: number;
}

/** Auth-state mutations as Baileys hands them to a key store: type → id → value, null deletes. */
export type KeyMutations = Record<string, Record<string, unknown>>;

/** Everything in it becomes durable together, in one LMDB commit, or not at all. */
export interface CommitBatch {
  creds?: { connectionId: string; value: unknown };
  keys?: { connectionId: string; mutations: KeyMutations };
  parts?: PartRecord[];
  replays?: ReplayRecord[];
  /** Replays that are done with. */
  replayed?: Pick<ReplayRecord, 'connectionId' | 'sha256'>[];
  entries?: NewLogEntry[];
  outbox?: OutboxRecord[];
  idempotency?: IdempotencyRecord[];
  connections?: ConnectionRecord[];
  media?: MediaJob[];
  remoteSends?: RemoteSend[];
  scheduled?: ScheduledRecord[];
  /** Histories that have been read to their end. */
  historyRead?: Pick<HistoryJob, 'connectionId' | 'id'>[];
  /** `before` is taken away, `after` written; null = none. */
  templates?: { before: TemplateRecord | null; after: TemplateRecord | null }[];
}
