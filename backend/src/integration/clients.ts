import type { EvolutionPool } from '../evolution/evolution-pool.js';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { ESTADO_TABLE, type Estado } from '../whatsapp/estado.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import type { ClientResource, PoolStats, RestoreResult } from './client-resources.js';
import type { Connections } from './connections.js';
import { QrImages } from './qr-images.js';
import type { CreateConnectionInput, Scope } from './resources.js';
import { mayUse } from './scope.js';

export interface ClientsDeps {
  journal: Pick<Journal, 'listConnections' | 'listGoneConnections'>;
  pool: WhatsAppPoolManager;
  evolution: Pick<EvolutionPool, 'get'>;
  connections: Connections;
  /** Logs out and forgets, with what waits to be sent. @throws CONNECTION_NOT_FOUND */
  remove: (id: string, scope: Scope | null) => Promise<void>;
  clock: Clock;
}

/** Sockets that need longer than this go on by themselves; the answer counts what is there. */
const RESTORE_WAIT_MS = 20_000;

/** Connections as the users of a connection pool know them: a client is a connection, its id is the connection's. */
export class Clients {
  readonly #images = new QrImages();

  constructor(private readonly deps: ClientsDeps) {}

  /** Ids of the clients that can send now, in the order of creation. */
  readyIds(scope: Scope | null): string[] {
    return this.#records(scope)
      .filter(({ estado }) => estado === 'ready')
      .map(({ connectionId }) => connectionId);
  }

  /** @param showQr whether the caller may link a phone: whoever scans the code takes the client over. */
  async list(scope: Scope | null, showQr: boolean): Promise<ClientResource[]> {
    return Promise.all(this.#records(scope).map((record) => this.#present(record, showQr)));
  }

  /** Figures of all times, over restarts and deletions; of what the caller may see. */
  stats(scope: Scope | null): PoolStats {
    const records = this.#records(scope);
    // Keys that are limited to some connections see none that are gone.
    const gone = this.deps.journal.listGoneConnections().filter((sum) => mayUse({ connectionId: '', ...sum }, scope));
    const total = (
      live: (record: ConnectionRecord) => number | undefined,
      dead: (sum: (typeof gone)[number]) => number,
    ) => records.reduce((sum, record) => sum + (live(record) ?? 0), 0) + gone.reduce((sum, one) => sum + dead(one), 0);
    const clientsByStatus: Record<string, number> = {};
    for (const record of records) clientsByStatus[statusOf(record)] = (clientsByStatus[statusOf(record)] ?? 0) + 1;
    return {
      totalCreated: total(
        () => 1,
        ({ created }) => created,
      ),
      totalConnected: total(
        ({ connects }) => connects,
        ({ connected }) => connected,
      ),
      totalDisconnected: total(
        ({ disconnects }) => disconnects,
        ({ disconnected }) => disconnected,
      ),
      totalMessages: total(
        ({ messageCount }) => messageCount,
        ({ messages }) => messages,
      ),
      currentClients: records.length,
      maxClients: this.deps.pool.maxClients,
      readyClients: clientsByStatus['ready'] ?? 0,
      clientsByStatus,
    };
  }

  /** Creates and starts one; without an id it gets `client_<ms>`. @throws CONNECTION_TAKEN, CONNECTION_LIMIT, FORBIDDEN */
  async create(
    { clientId, ...input }: Omit<CreateConnectionInput, 'connectionId'> & { clientId?: string | undefined },
    scope: Scope | null,
  ): Promise<{ created: boolean; client: ClientResource }> {
    const connectionId = clientId ?? this.#newId();
    const { created } = await this.deps.connections.create({ ...input, connectionId }, scope);
    return { created, client: await this.#one(connectionId, scope) };
  }

  /**
   * The session is kept; nothing reconnects until somebody asks for it.
   * @throws CONNECTION_NOT_FOUND, WRONG_DRIVER: an Evolution server has no such call
   */
  disconnect(id: string, scope: Scope | null): Promise<ClientResource> {
    return this.#command(id, scope, (client) => client.disconnect());
  }

  /** A new socket, whatever was there; does not wait for it to be ready. @throws CONNECTION_NOT_FOUND */
  reconnect(id: string, scope: Scope | null): Promise<ClientResource> {
    const { remote } = this.deps.connections;
    return this.#command(
      id,
      scope,
      (client) => client.reconnect(),
      () => remote.reconnect(id),
    );
  }

  /** The session is removed, here and on the phone; the client stays and can be linked again. @throws CONNECTION_NOT_FOUND */
  logout(id: string, scope: Scope | null): Promise<ClientResource> {
    const { remote } = this.deps.connections;
    return this.#command(
      id,
      scope,
      (client) => client.logout(),
      () => remote.logout(id),
    );
  }

  /** Logs out and forgets the client; its conversations stay. @throws CONNECTION_NOT_FOUND */
  remove(id: string, scope: Scope | null): Promise<void> {
    return this.deps.remove(id, scope);
  }

  /** Opens the caller's paired clients that nobody has disconnected, and waits for them as long as a request can. */
  async restore(scope: Scope | null): Promise<RestoreResult> {
    let clients: WhatsAppClientService[] = [];
    const waited = new AbortController();
    const all = this.deps.pool.restore(
      (record) => mayUse(record, scope),
      (begun) => (clients = begun),
    );
    await Promise.race([all, this.deps.clock.sleep(RESTORE_WAIT_MS, waited.signal)]);
    waited.abort();
    const restored = clients.filter(({ estado }) => estado === 'ready').length;
    const total = clients.length;
    return { restored, total, message: `${restored}/${total} sessões restauradas` };
  }

  async #command(
    id: string,
    scope: Scope | null,
    command: (client: WhatsAppClientService) => Promise<void>,
    atServer?: () => Promise<void>,
  ): Promise<ClientResource> {
    const { connections } = this.deps;
    const isRemote = connections.record(id, scope).driver === 'evolution';
    await (isRemote && atServer ? atServer() : command(connections.client(id, scope)));
    return this.#one(id, scope);
  }

  /** Every command needs `manage`, so its answer may show the code. */
  #one(id: string, scope: Scope | null): Promise<ClientResource> {
    return this.#present(this.deps.connections.record(id, scope), true);
  }

  async #present(record: Readonly<ConnectionRecord>, showQr: boolean): Promise<ClientResource> {
    const client = this.deps.pool.get(record.connectionId);
    const code = showQr ? client?.qr?.code : undefined;
    const remote = showQr ? await this.deps.connections.remote.shownQr(record) : null;
    const qrCode = client && code !== undefined ? await this.#images.of(client, code) : (remote?.qrCode ?? null);
    return {
      clientId: record.connectionId,
      status: statusOf(record),
      phoneNumber: record.numero,
      qrCode,
      metadata: {
        createdAt: iso(record.createdAt)!,
        lastQRAt: iso(record.lastQrAt ?? null),
        connectedAt: iso(record.connectedAt),
        messageCount: record.messageCount,
      },
      isReady: record.estado === 'ready',
    };
  }

  #records(scope: Scope | null): Readonly<ConnectionRecord>[] {
    const { journal, pool, evolution } = this.deps;
    return journal
      .listConnections()
      .map((record) => (pool.get(record.connectionId) ?? evolution.get(record.connectionId))?.record ?? record)
      .filter((record) => mayUse(record, scope));
  }

  /** As the pool has always named them; two in one millisecond get two names. */
  #newId(): string {
    let at = this.deps.clock.now();
    const taken = new Set(this.deps.journal.listConnections().map(({ connectionId }) => connectionId));
    while (taken.has(`client_${at}`) || this.deps.pool.get(`client_${at}`)) at += 1;
    return `client_${at}`;
  }
}

function statusOf({ estado }: Pick<ConnectionRecord, 'estado'>): ClientResource['status'] {
  return ESTADO_TABLE[estado as Estado].pool;
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
