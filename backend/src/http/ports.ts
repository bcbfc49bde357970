import type { Readable } from 'node:stream';
import type { NamedMessage, NumberResource } from '../integration/chat-signs.js';
import type { ApiKeyResource } from '../access/api-key-resource.js';
import type { CreateApiKeyInput, IssuedApiKey } from '../access/api-keys.js';
import type { AuditFact } from '../access/audit-trail.js';
import type { Identity } from '../access/identity.js';
import type {
  CreateWebhookInput,
  DeliveryResource,
  ReplayInput,
  UpdateWebhookInput,
  WebhookResource,
  WebhookTestResource,
} from '../integration/webhook-resources.js';
import type { MessageStatusResource } from '../integration/message-status.js';
import type { SendByAnyInput } from '../integration/send-by-any.js';
import type { RobotConfiguration } from '../integration/robot/robot-settings.js';
import type { Atendimentos } from '../integration/atendimentos.js';
import type {
  ConnectionChanges,
  ConnectionResource,
  CreateConnectionInput,
  Page,
  PageAsked,
  PairingCodeResource,
  PresenceInput,
  StagedUpload,
  QrResource,
  Scope,
  SendMessageInput,
  SendResult,
  TwoWayPage,
} from '../integration/resources.js';
import type { WatchdogReport } from '../watchdog/watchdog-report.js';

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
  /** Settings that are null take their default again; a proxy is tried before it is stored. */
  changeConnection(id: string, changes: ConnectionChanges, scope: Scope | null): Promise<ConnectionResource>;
  getQr(id: string, scope: Scope | null): Promise<QrResource>;
  /** `phone` as typed by a person; rejects `BAD_REQUEST` when it is no phone number. */
  requestPairingCode(id: string, phone: string, scope: Scope | null): Promise<PairingCodeResource>;
  deleteConnection(id: string, scope: Scope | null): Promise<unknown>;
  sendMessage(input: SendMessageInput, scope: Scope | null): Promise<SendResult>;
  /** Rejects `MESSAGE_NOT_FOUND`, also for somebody else's. */
  messageStatus(id: string, connectionId: string | undefined, scope: Scope | null): Promise<MessageStatusResource>;
  /** By the ready client whose turn it is. */
  sendByAny(input: SendByAnyInput, scope: Scope | null): Promise<SendResult>;
  listMessages(atendimentoId: string, page: PageAsked, scope: Scope | null): Promise<TwoWayPage>;
  listActiveAtendimentos(page: PageAsked, scope: Scope | null): Promise<TwoWayPage>;
  /** Streams a file that is to be sent to the disk. */
  receiveUpload(stream: Readable, label: { name: string | null; type: string | null }): Promise<StagedUpload>;
  /** Removes it again: its request was refused. */
  discardUpload(upload: StagedUpload): Promise<void>;
  /** Resolves with how many were marked. */
  markRead(connectionId: string, messageIds: string[], scope: Scope | null): Promise<number>;
  markNamedRead(connectionId: string, messages: NamedMessage[], scope: Scope | null): Promise<void>;
  sendPresence(input: PresenceInput, scope: Scope | null): Promise<void>;
  checkNumber(connectionId: string, number: string, scope: Scope | null): Promise<NumberResource>;
}

/** What the routes call about API keys. Ids that are unknown reject `API_KEY_NOT_FOUND`. */
export interface ApiKeysPort {
  list(): ApiKeyResource[];
  create(input: CreateApiKeyInput): Promise<IssuedApiKey>;
  rotate(id: string, graceMs: number): Promise<IssuedApiKey>;
  revoke(id: string): Promise<ApiKeyResource>;
}

/** Who calls, and what they did. */
export interface AccessPort {
  /** Rejects `SIGN_IN_UNAVAILABLE`; null for nobody we know. */
  identify(presented: string | undefined): Promise<Identity | null>;
  /** On the disk when it resolves; never rejects. */
  record(fact: AuditFact): Promise<void>;
  /** Rows of `whatsapp_auditoria`, the newest first. */
  listAudit(query: PageRequest & { caller?: string | undefined; connectionId?: string | undefined }): Promise<Page>;
  readonly keys: ApiKeysPort;
}

/** What the routes call of `RobotConfiguration`. */
export type RobotPort = Pick<RobotConfiguration, keyof RobotConfiguration>;

/** What the routes call of `Atendimentos`. */
export type AtendimentosPort = Pick<Atendimentos, keyof Atendimentos>;

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
    /** Files of messages that are not in the media store yet. */
    mediaWaiting: number;
    journalBytes: number;
    journalMaxBytes: number;
  };
  supabase: {
    reachable: boolean;
    /** Of the last probe; null when it failed. */
    responseMs: number | null;
  };
  connections: {
    active: number;
    total: number;
    /** MAX_CONNECTIONS. */
    max: number;
  };
  sends: {
    accepted: number;
    sent: number;
    failed: number;
    /** sent / (sent + failed), 0 to 1, since the start; null before the first outcome. */
    successRate: number | null;
    /** Connections that have something to send. */
    queues: SendQueueFigures[];
  };
  /** Reported and not removed yet. */
  orphans: { unpaired: number; credentials: number };
}

export interface SendQueueFigures {
  connectionId: string;
  waiting: number;
  underWay: number;
  /** How long SEND_RATE_PER_MINUTE keeps the next one back. */
  throttledMs: number;
}

/** What is left over and will be removed. Times are ISO 8601. */
export interface Orphan {
  kind: 'unpaired' | 'credentials';
  connectionId: string;
  since: string;
  reportedAt: string;
  removedAfter: string;
}

/** What `/metrics` needs. */
export interface MetricsPort {
  /** METRICS_ACCESS: programs on this machine and whoever has the key, only the latter, or everybody. */
  readonly access: 'local' | 'key' | 'public';
  readonly contentType: string;
  render(): Promise<string>;
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

/** What the routes call of `WhatsAppWatchdogService`. */
export interface WatchdogPort {
  report(): WatchdogReport;
}

/** What the routes call of `WhatsAppBootstrapService`. */
export interface BootstrapPort {
  /** Starts what is not running; resolves when all of it runs. */
  initialize(): Promise<unknown>;
  /** Connections are counted as far as `scope` sees them. */
  status(scope: Scope | null): BootstrapStatus | Promise<BootstrapStatus>;
  /** Connections are named as far as `scope` sees them. */
  stats(scope: Scope | null): Promise<BootstrapStats>;
  /** Resolves with every step, failed or not. */
  selfTest(): Promise<{ steps: SelfTestStep[] }>;
  /** Stops and starts the services in order; the HTTP server stays. */
  restart(): Promise<unknown>;
  readonly deadLetters: DeadLettersPort;
  /** What the last look has left. */
  orphans(): Orphan[];
  /** The event loop turns. */
  live(): boolean;
  /** Why the gateway cannot take messages now: the services do not run, or the journal cannot be written; null when it can. */
  unreadiness(): Unreadiness | null | Promise<Unreadiness | null>;
}

/** Codes of `GET /health/ready`. */
export type Unreadiness = 'SERVICES_STOPPED' | 'JOURNAL_FULL' | 'JOURNAL_FAILED';

/** What the routes call of `Webhooks`. Everything rejects with a `GatewayError`; `WEBHOOK_NOT_FOUND` also for another owner's. */
export interface WebhooksPort {
  /** `secret` is shown here and never again. */
  create(input: CreateWebhookInput, scope: Scope | null): Promise<{ webhook: WebhookResource; secret: string | null }>;
  list(scope: Scope | null): WebhookResource[];
  get(id: string, scope: Scope | null): WebhookResource;
  /** `secret` is null unless a new one was made. */
  update(
    id: string,
    input: UpdateWebhookInput,
    scope: Scope | null,
  ): Promise<{ webhook: WebhookResource; secret: string | null }>;
  delete(id: string, scope: Scope | null): Promise<void>;
  /** One attempt at once, outside the line. */
  test(id: string, scope: Scope | null): Promise<WebhookTestResource>;
  deliveries(
    id: string,
    page: PageRequest & { state: DeliveryResource['state'] | null },
    scope: Scope | null,
  ): { data: DeliveryResource[]; nextCursor: string | null };
  /** Resolves with how many events were put back into the line. */
  replay(id: string, input: ReplayInput, scope: Scope | null): Promise<number>;
}
