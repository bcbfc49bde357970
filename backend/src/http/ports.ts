import type { Readable } from 'node:stream';
import type { NumberResource } from '../integration/chat-signs.js';
import type { OpenMedia } from '../integration/message-media.js';
import type {
  ConnectionResource,
  CreateConnectionInput,
  Page,
  PairingCodeResource,
  PresenceInput,
  StagedUpload,
  QrResource,
  Scope,
  SendMessageInput,
  SendResult,
} from '../integration/resources.js';

/** Where a page starts and how long it is; `cursor` is the `nextCursor` of the page before. */
export interface PageRequest {
  limit: number;
  cursor: string | null;
}

/** What the routes call of `WhatsAppIntegrationService`. Everything rejects with a `GatewayError`. */
export interface IntegrationPort {
  /** `created` is false when the same owner already had a connection under this id. */
  createConnection(
    input: CreateConnectionInput,
    scope: Scope | null,
  ): Promise<{ connection: ConnectionResource; created: boolean }>;
  listConnections(scope: Scope | null): Promise<ConnectionResource[]>;
  getConnection(id: string, scope: Scope | null): Promise<ConnectionResource>;
  getQr(id: string, scope: Scope | null): Promise<QrResource>;
  /** `phone` as typed by a person; rejects `BAD_REQUEST` when it is no phone number. */
  requestPairingCode(id: string, phone: string, scope: Scope | null): Promise<PairingCodeResource>;
  deleteConnection(id: string, scope: Scope | null): Promise<unknown>;
  sendMessage(input: SendMessageInput, scope: Scope | null): Promise<SendResult>;
  listMessages(atendimentoId: string, page: PageRequest, scope: Scope | null): Promise<Page>;
  listActiveAtendimentos(page: PageRequest, scope: Scope | null): Promise<Page>;
  /** Streams a file that is to be sent to the disk. */
  receiveUpload(stream: Readable, name: string | null): Promise<StagedUpload>;
  /** Resolves with how many were marked. */
  markRead(connectionId: string, messageIds: string[], scope: Scope | null): Promise<number>;
  sendPresence(input: PresenceInput, scope: Scope | null): Promise<void>;
  checkNumber(connectionId: string, number: string, scope: Scope | null): Promise<NumberResource>;
  /** `range` is the Range header. The stream is the caller's to end. */
  openMedia(messageId: string, range: string | undefined, scope: Scope | null): Promise<OpenMedia>;
}

export interface ServiceStatus {
  state: string;
  /** ISO 8601, when it came into this state. */
  since: string;
  reason: string | null;
}

export interface BootstrapStatus {
  version: string;
  uptimeS: number;
  /** Sockets go to a server other than Meta's. */
  foreignServer: boolean;
  services: { supabase: ServiceStatus; integration: ServiceStatus; watchdog: ServiceStatus; bootstrap: ServiceStatus };
  connections: { total: number; ready: number; byStatus: Record<string, number> };
}

export interface BootstrapStats {
  queues: {
    /** Journal entries that are not rows yet. */
    pendingEntries: number;
    /** ISO 8601; null when the queue is empty. */
    oldestPendingAt: string | null;
    deadLetters: number;
    /** Accepted sends without a server ack or a final error. */
    outboxUnfinished: number;
    journalBytes: number;
    journalMaxBytes: number;
  };
  supabase: {
    reachable: boolean;
    /** Of the last probe; null when it failed. */
    responseMs: number | null;
  };
  connections: { active: number; total: number };
  sends: {
    accepted: number;
    sent: number;
    failed: number;
    /** sent / (sent + failed), 0 to 1, since the start; null before the first outcome. */
    successRate: number | null;
  };
}

export interface SelfTestStep {
  name: string;
  ok: boolean;
  ms: number;
  error?: string | undefined;
}

/** What it is about and why it was refused; never what it says. Times are ISO 8601. */
export interface DeadLetter {
  seq: number;
  connectionId: string;
  kind: string;
  whatsappId: string | null;
  code: string;
  message: string;
  journaledAt: string;
  parkedAt: string;
}

/** What the routes call about entries that the database refused for good. */
export interface DeadLettersPort {
  /** The oldest first. Throws `BAD_REQUEST` for a foreign cursor. */
  list(page: PageRequest): { data: DeadLetter[]; nextCursor: string | null };
  /** Both reject `DEAD_LETTER_NOT_FOUND`. */
  retry(seq: number): Promise<void>;
  discard(seq: number): Promise<void>;
}

/** What the routes call of `WhatsAppBootstrapService`. */
export interface BootstrapPort {
  /** Starts what is not running; resolves when all of it runs. */
  initialize(): Promise<unknown>;
  status(): BootstrapStatus | Promise<BootstrapStatus>;
  stats(): Promise<BootstrapStats>;
  /** Resolves with every step, failed or not. */
  selfTest(): Promise<{ steps: SelfTestStep[] }>;
  /** Stops and starts the services in order; the HTTP server stays. */
  restart(): Promise<unknown>;
  readonly deadLetters: DeadLettersPort;
  /** The event loop turns. */
  live(): boolean;
  /** The journal can be written and the services run. */
  ready(): boolean | Promise<boolean>;
}
