import type { proto } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import type { ClientInfo, PoolFigures, PoolUseCases, SentInfo } from './pool-faces.js';
import { GatewayError } from '../lib/errors.js';
import { connectionLimit } from './connection-limit.js';
import type { ClientEvents } from './client-events.js';
import type { GatewaySocketDeps } from './gateway-socket.js';
import { isPaired } from './pairing.js';
import type { Proxies } from './proxies.js';
import type { WhatsAppServer } from './socket-config.js';
import type { WebVersion } from './web-version.js';
import { WhatsAppClientService } from './whatsapp-client-service.js';

export interface WhatsAppPoolDeps {
  journal: Journal;
  clock: Clock;
  log: Log;
  baileysLogger: GatewaySocketDeps['logger'];
  webVersion: WebVersion;
  server: WhatsAppServer;
  proxies: Proxies;
  maxClients: number;
  reconnectBaseMs: number;
  /** Sockets that may be logging in at the same time when many could: at start, and after an outage. */
  loginsAtOnce: number;
  getMessage: (connectionId: string, whatsappId: string) => proto.IMessage | undefined;
  /** Told about every client that joins, before it opens. */
  onClient: (client: WhatsAppClientService) => void;
}

const RESTORE_DEADLINE_MS = 15_000;
/** States in which a restored connection needs no more of the restore's attention. */
const SETTLED = new Set([
  'ready',
  'qr_ready',
  'reconnecting',
  'disconnected',
  'logged_out',
  'error',
  'conflict',
  'banned',
  'outdated',
  'passkey_required',
]);

/** Many WhatsApp numbers in one process. Their registry is the journal's; here are the running ones. */
export class WhatsAppPoolManager {
  readonly events: TypedEmitter<ClientEvents>;
  readonly #clients = new Map<string, WhatsAppClientService>();
  readonly #recreating = new Set<string>();
  #stopping = false;

  #useCases: PoolUseCases | null = null;

  constructor(private readonly deps: WhatsAppPoolDeps) {
    this.events = new TypedEmitter<ClientEvents>(deps.log);
    this.events.on('ready', ({ connectionId }) => this.#wakeWaiting(connectionId));
  }

  get maxClients(): number {
    return this.deps.maxClients;
  }

  get(connectionId: string): WhatsAppClientService | undefined {
    return this.#clients.get(connectionId);
  }

  list(): WhatsAppClientService[] {
    return [...this.#clients.values()];
  }

  get readyCount(): number {
    return this.list().filter((client) => client.estado === 'ready').length;
  }

  /** Whether this connection has the credentials of a paired number. */
  isPaired(connectionId: string): boolean {
    const creds = this.deps.journal.auth.creds(connectionId) as Parameters<typeof isPaired>[0];
    return this.#clients.get(connectionId)?.paired ?? isPaired(creds);
  }

  /** Hands over what the methods below call: it is made after the pool. */
  serve(useCases: PoolUseCases): void {
    this.#useCases = useCases;
  }

  /** Creates a client and starts it; one that is there is started. @throws CONNECTION_LIMIT, CONNECTION_TAKEN */
  createAndInitialize(clientId: string): Promise<ClientInfo> {
    return this.#asked.create(clientId);
  }

  /** Sends a text by this client. @throws CONNECTION_NOT_FOUND, NOT_PAIRED and what a send can end with */
  sendMessage(clientId: string, to: string, text: string): Promise<SentInfo> {
    return this.#asked.sendText(clientId, to, text);
  }

  /** Sends a text by the ready client whose turn it is. @throws NOT_CONNECTED, NEW_CHATS_PAUSED, RATE_LIMITED */
  sendMessageAuto(to: string, text: string): Promise<SentInfo> {
    return this.#asked.sendTextByAny(to, text);
  }

  /** Ids of the clients that can send now, wherever they live. */
  getReadyClients(): string[] {
    return this.#asked.readyIds();
  }

  getAllClientsInfo(): Promise<ClientInfo[]> {
    return this.#asked.list();
  }

  getStats(): PoolFigures {
    return this.#asked.stats();
  }

  /** Looks at every client now; those that it finds dead are connected anew, as at every check. */
  healthCheck(): Promise<{ healthy: number; total: number; unhealthy: string[] }> {
    return this.#asked.check();
  }

  /** Connects every paired client that nobody has disconnected: `X/Y sessões restauradas`. */
  restorePersistedSessions(): Promise<{ restored: number; total: number; message: string }> {
    return this.#asked.restore();
  }

  /** Ends all sockets in order; sessions stay. The same as `stop`. */
  shutdown(): Promise<void> {
    return this.stop();
  }

  get #asked(): PoolUseCases {
    if (!this.#useCases) throw new GatewayError('INTERNAL', 'The pool was given no use cases.');
    return this.#useCases;
  }

  /** Takes a connection of the registry into the pool; does not open it. @throws CONNECTION_LIMIT */
  add(record: ConnectionRecord): WhatsAppClientService {
    const existing = this.#clients.get(record.connectionId);
    if (existing) return existing;
    if (this.#clients.size >= this.deps.maxClients) throw connectionLimit(this.deps.maxClients);
    const client = new WhatsAppClientService({
      ...this.deps,
      record: asLeft(record),
      events: this.events,
      useCases: () => this.#asked,
      hasRival: (id, device) => this.list().some((other) => other.connectionId !== id && other.me?.id === device),
    });
    this.#clients.set(record.connectionId, client);
    this.deps.onClient(client);
    return client;
  }

  /** Logs out, stops and forgets. */
  async remove(connectionId: string): Promise<void> {
    const client = this.#clients.get(connectionId);
    if (!client) return;
    await client.logout();
    await client.stop();
    this.#clients.delete(connectionId);
  }

  /** Replaces a client that no new socket mends (watchdog): the session and what people want of it stay. */
  async recreate(connectionId: string): Promise<void> {
    const old = this.#clients.get(connectionId);
    if (!old || this.#recreating.has(connectionId)) return;
    this.#recreating.add(connectionId);
    try {
      await old.stop();
      if (this.#stopping || this.#clients.get(connectionId) !== old) return;
      this.#clients.delete(connectionId);
      this.add(old.record).initialize();
    } finally {
      this.#recreating.delete(connectionId);
    }
  }

  /**
   * Opens every connection that people want connected and that has an account, a few at a time.
   * @param only which of them; all unless said otherwise
   * @returns when all were tried once; `begun` is told at once which ones they are.
   */
  async restore(
    only: (record: ConnectionRecord) => boolean = () => true,
    begun: (clients: WhatsAppClientService[]) => void = () => undefined,
  ): Promise<{ restored: number; total: number }> {
    // Should there be more than MAX_CONNECTIONS allows, those that can work come first.
    const [paired, others] = this.#knownByPairing(only);
    const clients = paired.map((record) => this.#taken(record)).filter((client) => client !== null);
    for (const record of others) this.#taken(record);
    const wanted = clients.filter(({ record }) => record.wanted === 'connected');
    begun(wanted);
    const queue = [...wanted];
    const worker = async (): Promise<void> => {
      for (let client = queue.shift(); client && !this.#stopping; client = queue.shift()) {
        client.initialize();
        await this.#settled(client);
      }
    };
    await Promise.all(Array.from({ length: this.deps.loginsAtOnce }, worker));
    const restored = wanted.filter((client) => client.estado === 'ready').length;
    this.deps.log.info('sessions restored', { restored, total: wanted.length });
    return { restored, total: wanted.length };
  }

  /** Lets sockets be opened (again, after a stop). */
  start(): void {
    this.#stopping = false;
  }

  /** Ends all sockets; nothing is logged out. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.list().map((client) => client.stop()));
    this.#clients.clear();
  }

  /** Reads the credentials of each once: they are the largest records there are. */
  #knownByPairing(
    only: (record: ConnectionRecord) => boolean,
  ): [paired: ConnectionRecord[], others: ConnectionRecord[]] {
    const [paired, others]: [ConnectionRecord[], ConnectionRecord[]] = [[], []];
    // The others live on servers, and have no sockets here.
    const own = this.deps.journal.listConnections().filter(({ driver }) => driver === 'baileys');
    for (const record of own.filter(only)) {
      (this.isPaired(record.connectionId) ? paired : others).push(record);
    }
    return [paired, others];
  }

  #taken(record: ConnectionRecord): WhatsAppClientService | null {
    try {
      return this.add(record);
    } catch (error) {
      // More connections are known than MAX_CONNECTIONS allows: the rest stays as it is, and is said.
      this.deps.log.error('connection not restored', { connectionId: record.connectionId, error });
      return null;
    }
  }

  async #settled(client: WhatsAppClientService): Promise<void> {
    const { clock } = this.deps;
    const deadline = new AbortController();
    const off = this.events.on('stateChanged', ({ connectionId, estado }) => {
      if (connectionId === client.connectionId && SETTLED.has(estado)) deadline.abort();
    });
    if (!SETTLED.has(client.estado)) await clock.sleep(RESTORE_DEADLINE_MS, deadline.signal);
    off();
  }

  /** Each login that gets through makes room for the next; those under way count, so that there is never a storm. */
  #wakeWaiting(except: string): void {
    const others = this.list().filter(({ connectionId }) => connectionId !== except);
    let room = this.deps.loginsAtOnce - others.filter((client) => client.loggingIn).length;
    for (const client of others) if (room > 0 && client.wake()) room -= 1;
  }
}

/** States that outlive the process: something must happen, or a person must decide, before they change. */
const LASTING = new Set(['disconnected', 'logged_out', 'conflict', 'banned', 'error', 'passkey_required']);

/** A record as its process left it: no socket is open yet, so a state that needs one is `idle`. */
function asLeft(record: ConnectionRecord): ConnectionRecord {
  if (LASTING.has(record.estado)) return record;
  const disconnects = (record.disconnects ?? 0) + Number(record.estado === 'ready');
  return { ...record, estado: 'idle', motivo: null, disconnects };
}
