import type { PartyTexts } from '../lib/party.js';
import type { MediaKind, StagedFile } from '../media/media-intake.js';
import type { IdempotencyClaim } from '../outbound/accept-message.js';
import type { Estado, SessionStatus } from '../whatsapp/estado.js';

/** A connection as the API shows it. Times are ISO 8601 in UTC. */
export interface ConnectionResource {
  id: string;
  name: string;
  ownerId: string;
  /** The text that the id was made of; null for a UUID. */
  ownerText: string | null;
  companyId: string | null;
  companyText: string | null;
  driver: string;
  status: SessionStatus;
  estado: Estado;
  motivo: string | null;
  /** What a person should do now, in Portuguese; null when nothing. */
  conselho: string | null;
  numero: string | null;
  lid: string | null;
  connectedAt: string | null;
  disconnectedAt: string | null;
  lastActivityAt: string | null;
  /** What WhatsApp lets the account do; null when the connection is not loaded. */
  account: AccountResource | null;
  /** Those that were made. */
  settings: Record<string, unknown>;
  /** null = it connects straight. */
  proxy: ProxyResource | null;
  /** Only with `driver: 'evolution'`. */
  remote?: RemoteResource;
  warnings: string[];
}

/** The standing of an account with WhatsApp. Times are ISO 8601; null = unknown or none. */
export interface AccountResource {
  /** Sends to people who have not written first; replies always go on. */
  newChats: { paused: boolean; reason: string | null; until: string | null; conselho: string | null };
  /** WhatsApp's lock on new chats (error 463); null before WhatsApp was asked. */
  reachoutTimelock: { active: boolean; until: string | null; type: string | null } | null;
  /** WhatsApp's quota of new chats; null before WhatsApp was asked. */
  newChatCap: { status: string; total: number | null; used: number | null; cycleEndsAt: string | null } | null;
  rateLimitedAt: string | null;
  /** Messages that could not be decrypted ("Bad MAC"). */
  undecryptable: { lastHour: number; total: number };
}

export interface QrResource {
  /** PNG as data URL. */
  qrCode: string;
  /** The text that a phone scans. */
  code: string;
  expiresAt: string;
}

export interface CreateConnectionInput {
  /** null = none, which is the default. */
  proxy?: ProxyInput | null | undefined;
  connectionId: string;
  name?: string | undefined;
  ownerId?: string | undefined;
  companyId?: string | null | undefined;
  /** Texts that these ids were made of. */
  texts?: PartyTexts | undefined;
  settings?: Record<string, unknown> | undefined;
  /** Where it lives: a socket in this process (the default), or an Evolution API server. */
  driver?: 'baileys' | 'evolution' | undefined;
  evolution?: EvolutionInput | undefined;
}

/** A proxy as it is asked for. At the host and port of before, credentials that are absent (or `***`) stay; null removes. */
export interface ProxyInput {
  protocol: 'http' | 'https' | 'socks5';
  host: string;
  port: number;
  username?: string | null | undefined;
  password?: string | null | undefined;
}

/** A proxy as it is shown; a password is `***`. */
export interface ProxyResource {
  protocol: string;
  host: string;
  port: number;
  username: string | null;
  password: string | null;
}

/** Changes of a connection; what is absent stays. */
export interface ConnectionChanges {
  settings?: Record<string, unknown> | undefined;
  /** null removes it. */
  proxy?: ProxyInput | null | undefined;
}

/** `url` and `apiKey` together, or neither: then those of the settings. */
export interface EvolutionInput {
  url?: string | undefined;
  apiKey?: string | undefined;
  /** Name at the server; the connection's id unless given. */
  instance?: string | undefined;
}

/** The server of a connection with `driver: 'evolution'`. Never its key. */
export interface RemoteResource {
  instance: string;
  /** null = none is configured: its events come in, nothing can go out. */
  url: string | null;
  circuit: 'closed' | 'open' | 'half-open';
}

export interface ContactInput {
  name: string;
  numbers: string[];
  organization?: string | undefined;
}

export type StagedUpload = StagedFile;

/** Where the file of a message comes from. */
export type MediaSourceInput =
  | { kind: 'url'; url: string }
  | { kind: 'base64'; data: string }
  /** Streamed to our disk while the request came in. */
  | { kind: 'upload'; staged: StagedFile };

export interface MediaMessageInput {
  type: MediaKind;
  source: MediaSourceInput;
  caption?: string | undefined;
  fileName?: string | undefined;
  viewOnce?: boolean | undefined;
}

/** What is to be sent, as the API takes it. `messageId` is the whatsappId of a message that exists. */
export type MessageInput =
  | { type: 'text'; text: string }
  | {
      type: 'location';
      latitude: number;
      longitude: number;
      name?: string | undefined;
      address?: string | undefined;
    }
  | { type: 'contact'; contacts: ContactInput[] }
  | { type: 'poll'; question: string; options: string[]; selectable: number }
  | MediaMessageInput
  | { type: 'reaction'; messageId: string; emoji: string }
  | { type: 'edit'; messageId: string; text: string }
  | { type: 'delete'; messageId: string }
  | { type: 'forward'; messageId: string };

export interface SendMessageInput {
  connectionId: string;
  /** A number in any usual spelling, a person's JID (PN or LID) or a group JID. Not needed by what changes a message. */
  to?: string | undefined;
  message: MessageInput;
  /** What the text (or caption) is made of, instead of what `message` says. */
  template?: { name: string; variables: Record<string, string> } | undefined;
  /** Mentioned people: numbers or JIDs. */
  mentions?: string[] | undefined;
  /** whatsappId of the message to reply to. */
  replyTo?: string | undefined;
  /** ms that it is kept back, and that its chat shows "typing…" before it goes. */
  delayMs?: number | undefined;
  typingMs?: number | undefined;
  /** ms to wait for the server ack; 0 = answer at once. */
  waitMs: number;
  idempotency?: IdempotencyClaim | undefined;
  /** Ends the fetching and converting of a file when the caller has left; a message that was accepted goes on. */
  signal?: AbortSignal | undefined;
}

/** What a chat is to show: typing, recording, or neither. */
export interface PresenceInput {
  connectionId: string;
  to: string;
  state: 'composing' | 'recording' | 'paused';
}

export interface SentMessageResource {
  /** Of the row; null for what changes another message (reaction, edit, deletion). */
  id: string | null;
  whatsappId: string;
  connectionId: string;
  to: string;
  status: 'PENDENTE' | 'ENVIADA';
  atendimentoId: string | null;
  timestamp: string;
}

export interface SendResult {
  /** 201: the server accepted it; 202: stored, goes out later. */
  httpStatus: 201 | 202;
  replayed: boolean;
  message: SentMessageResource;
}

/** A row of `whatsapp_mensagens` or `whatsapp_atendimentos`, columns as in the table. */
export type Row = Record<string, unknown>;

export interface Page {
  data: Row[];
  nextCursor: string | null;
}

/** `prevCursor` gives what comes before this page, or what has come since: asked again it may have more. */
export interface TwoWayPage extends Page {
  prevCursor: string | null;
}

/** Where a page starts (a `nextCursor` or `prevCursor`), how long it is, and its order when the list has two. */
export interface PageAsked {
  limit: number;
  cursor: string | null;
  direction?: 'asc' | 'desc' | undefined;
}

/** Whose rows and connections a caller may see and touch; null = all (root key, or loopback without keys). */
export interface Scope {
  ownerId: string;
  companyIds: string[];
  /** Texts that these ids were made of. */
  texts?: PartyTexts | undefined;
  /** Only these connections of theirs, with the ids of their rows in `whatsapp_sessions`; undefined = all of theirs. */
  connections?: readonly ScopedConnection[];
}

export interface ScopedConnection {
  connectionId: string;
  /** null = there is no such connection yet. */
  rowId: string | null;
}

export interface PairingCodeResource {
  pairingCode: string;
  expiresAt: string;
}
