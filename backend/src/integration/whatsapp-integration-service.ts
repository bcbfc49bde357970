import type { EvolutionConnection } from '../evolution/evolution-connection.js';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord } from '../journal/records.js';
import type { MessageAcceptor } from '../outbound/accept-message.js';
import type { Readable } from 'node:stream';
import type { FileLabel, MediaIntake, StagedFile } from '../media/media-intake.js';
import type { MediaQueue } from '../media/media-queue.js';
import type { MediaStore } from '../media/media-store.js';
import type { NumberCheck } from '../outbound/number-check.js';
import type { Recipients } from '../outbound/recipients.js';
import type { SendChannel } from '../outbound/send-channel.js';
import type { Sender } from '../outbound/sender.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import { adoptInstance } from './adopt-instance.js';
import { ChatSigns, type NamedMessage, type NumberResource } from './chat-signs.js';
import { ClientSendChannel } from './client-send-channel.js';
import { NewChatGate } from './new-chat-gate.js';
import { Connections, type ConnectionsDeps } from './connections.js';
import { publicMensagem } from './public-dados.js';
import type {
  ConnectionChanges,
  ConnectionResource,
  CreateConnectionInput,
  PageAsked,
  PairingCodeResource,
  PresenceInput,
  QrResource,
  Scope,
  SendMessageInput,
  SendResult,
  TwoWayPage,
} from './resources.js';
import type { RowWatcher } from './row-watcher.js';
import { RoundRobin, sendByAny, type SendByAnyInput } from './send-by-any.js';
import { messageStatus, type MessageStatusResource } from './message-status.js';
import { sendMessage } from './send-message.js';
import type { MessageTemplates } from './templates/message-templates.js';

export interface WhatsAppIntegrationDeps extends ConnectionsDeps {
  journal: Journal;
  pool: WhatsAppPoolManager;
  database: SupabaseWhatsAppService;
  acceptor: MessageAcceptor;
  sender: Sender;
  rows: RowWatcher;
  numbers: NumberCheck;
  recipients: Recipients;
  media: MediaQueue;
  mediaStore: MediaStore;
  intake: MediaIntake;
  templates: MessageTemplates;
}

/** The use cases of the gateway, one method each; routes parse, call and render. `scope` null sees everything. */
export class WhatsAppIntegrationService {
  /** The use cases around connections alone, for parts that build on them. */
  readonly connections: Connections;
  readonly #newChats: NewChatGate;
  readonly #signs: ChatSigns;
  readonly #turns = new RoundRobin();
  readonly #channels = new Map<string, { channel: SendChannel; detach: () => void }>();
  #restoring: Promise<unknown> | null = null;

  constructor(private readonly deps: WhatsAppIntegrationDeps) {
    this.connections = new Connections(deps);
    this.#newChats = new NewChatGate(deps);
    this.#signs = new ChatSigns({ ...deps, connections: this.connections, channelOf: (id) => this.channelOf(id) });
  }

  /** Serves what is stored: unfinished sends wait for their connections, which are restored a few at a time. */
  start(): void {
    this.deps.pool.start();
    this.deps.sender.start();
    this.deps.media.start();
    this.deps.evolution.pool.serveAll();
    this.deps.evolution.driver.start();
    this.#restoring ??= this.deps.pool.restore().finally(() => (this.#restoring = null));
  }

  async stop(): Promise<void> {
    this.deps.evolution.driver.stop();
    await Promise.all([this.deps.sender.stop(), this.deps.media.stop()]);
    await this.deps.pool.stop();
    for (const { detach } of this.#channels.values()) detach();
    this.#channels.clear();
  }

  /** The sender's way to a connection; made when the client joins the pool. */
  channelOf(connectionId: string): SendChannel | undefined {
    return this.#channels.get(connectionId)?.channel;
  }

  /** Told by the pool about every client it takes in. */
  serve(client: WhatsAppClientService): void {
    this.serveChannel(new ClientSendChannel(client, this.#newChats));
  }

  /** Has the sender use this way from now on. */
  serveChannel(channel: SendChannel): void {
    this.#channels.get(channel.connectionId)?.detach();
    this.#channels.set(channel.connectionId, { channel, detach: this.deps.sender.attach(channel) });
  }

  /** How many connections a caller may see, by state. */
  summary(scope: Scope | null): { total: number; ready: number; byStatus: Record<string, number> } {
    const byStatus: Record<string, number> = {};
    for (const { estado } of this.connections.list(scope)) byStatus[estado] = (byStatus[estado] ?? 0) + 1;
    const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
    return { total, ready: byStatus['ready'] ?? 0, byStatus };
  }

  createConnection(input: CreateConnectionInput, scope: Scope | null) {
    return this.connections.create(input, scope);
  }

  /** See `adoptInstance`; told by the webhooks of Evolution servers. */
  adoptInstance(instance: string): Promise<EvolutionConnection> {
    return adoptInstance(this.connections, this.deps.defaultOwnerId, instance);
  }

  async listConnections(scope: Scope | null): Promise<ConnectionResource[]> {
    return this.connections.list(scope);
  }

  async getConnection(id: string, scope: Scope | null): Promise<ConnectionResource> {
    return this.connections.get(id, scope);
  }

  /** Changes settings and the proxy; null takes a default again. @throws CONNECTION_NOT_FOUND, PROXY_UNREACHABLE … */
  changeConnection(id: string, changes: ConnectionChanges, scope: Scope | null): Promise<ConnectionResource> {
    return this.connections.change(id, changes, scope);
  }

  /** Whose connection it is (a UUID). @throws CONNECTION_NOT_FOUND, also for one that the caller may not use */
  ownerOf(id: string, scope: Scope | null): string {
    return this.connections.record(id, scope).ownerId;
  }

  /** The running client of a connection. @throws CONNECTION_NOT_FOUND, also for one that the caller may not use */
  client(id: string, scope: Scope | null): WhatsAppClientService {
    return this.connections.client(id, scope);
  }

  /** @throws CONNECTION_NOT_FOUND, also for one that the caller may not use */
  connectionRecord(id: string, scope: Scope | null): ConnectionRecord {
    return this.connections.record(id, scope);
  }

  /** Refuses what would begin a chat while the account may not. @throws NEW_CHATS_PAUSED, CONNECTION_NOT_FOUND */
  async admitNewChat(id: string, to: string): Promise<void> {
    const { client } = this.connections.sendable(id, null);
    // What an account on a server may is known there alone.
    if (client) await this.#newChats.admit(client, to);
  }

  getQr(id: string, scope: Scope | null): Promise<QrResource> {
    return this.connections.qr(id, scope);
  }

  requestPairingCode(id: string, phone: string, scope: Scope | null): Promise<PairingCodeResource> {
    return this.connections.pairingCode(id, phone, scope);
  }

  async deleteConnection(id: string, scope: Scope | null): Promise<void> {
    this.connections.record(id, scope);
    await this.deps.sender.abandon(id);
    await this.connections.delete(id, scope);
    this.#channels.get(id)?.detach();
    this.#channels.delete(id);
    this.#turns.forget(id);
  }

  /** Forgets a connection without credentials; its row says so, conversations stay. @throws CONNECTION_NOT_FOUND */
  async removeOrphan(id: string): Promise<void> {
    await this.deleteConnection(id, null);
    const changes = { status: 'disconnected', estado: 'disconnected', motivo: 'ORPHAN_REMOVED', qr_code: null };
    await this.deps.journal.commit({ entries: [{ kind: 'session', connectionId: id, changes }] });
  }

  sendMessage(input: SendMessageInput, scope: Scope | null): Promise<SendResult> {
    return sendMessage(this.#sendDeps, input, scope);
  }

  /** What became of a message, by the id of its row or its WhatsApp id. @throws MESSAGE_NOT_FOUND, DATABASE_UNAVAILABLE */
  messageStatus(id: string, connectionId: string | undefined, scope: Scope | null): Promise<MessageStatusResource> {
    return messageStatus(this.deps, id, connectionId, scope);
  }

  /** Sends by the ready client whose turn it is. @throws NOT_CONNECTED, NEW_CHATS_PAUSED, RATE_LIMITED */
  sendByAny(input: SendByAnyInput, scope: Scope | null): Promise<SendResult> {
    return sendByAny(this.#sendDeps, this.#turns, input, scope);
  }

  get #sendDeps() {
    return { ...this.deps, connections: this.connections, newChats: this.#newChats };
  }

  /** Messages of one atendimento, oldest first unless asked for otherwise.
   *  @throws ATENDIMENTO_NOT_FOUND, DATABASE_UNAVAILABLE */
  async listMessages(atendimentoId: string, page: PageAsked, scope: Scope | null): Promise<TwoWayPage> {
    const { data, ...cursors } = await this.deps.database.listMensagens(atendimentoId, page, scope);
    return { data: data.map(publicMensagem), ...cursors };
  }

  /** Takes a file that is to be sent, while it arrives. @throws MEDIA_TOO_LARGE */
  receiveUpload(stream: Readable, label: FileLabel): Promise<StagedFile> {
    return this.deps.intake.fromStream(stream, label);
  }

  discardUpload(upload: StagedFile): Promise<void> {
    return this.deps.intake.discard(upload);
  }

  /** @throws MESSAGE_NOT_FOUND, NOT_CONNECTED, DATABASE_UNAVAILABLE */
  markRead(connectionId: string, messageIds: string[], scope: Scope | null): Promise<number> {
    return this.#signs.markRead(connectionId, messageIds, scope);
  }

  /** Also marks what has no row. @throws NOT_CONNECTED, DATABASE_UNAVAILABLE */
  markNamedRead(connectionId: string, messages: NamedMessage[], scope: Scope | null): Promise<void> {
    return this.#signs.markNamedRead(connectionId, messages, scope);
  }

  sendPresence(input: PresenceInput, scope: Scope | null): Promise<void> {
    return this.#signs.presence(input, scope);
  }

  /** @throws INVALID_RECIPIENT, NOT_CONNECTED, RATE_LIMITED */
  checkNumber(connectionId: string, number: string, scope: Scope | null): Promise<NumberResource> {
    return this.#signs.checkNumber(connectionId, number, scope);
  }

  listActiveAtendimentos(page: PageAsked, scope: Scope | null): Promise<TwoWayPage> {
    return this.deps.database.listAtendimentosAtivos(page, scope);
  }
}
