import { randomUUID } from 'node:crypto';
import type { EvolutionConnection } from '../evolution/evolution-connection.js';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord, EvolutionHome } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { assertWithin, type Quotas } from '../lib/quotas.js';
import type { Log } from '../lib/log.js';
import { pickTexts, type PartyTexts } from '../lib/party.js';
import { parseRecipient } from '../lib/phone-number.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { Estado } from '../whatsapp/estado.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import { connectionLimit } from '../whatsapp/connection-limit.js';
import type { Proxies } from '../whatsapp/proxies.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import { checkProxy, proxyRecord, refuseRemoteProxy } from './connection-proxy.js';
import { changedSettings } from './connection-settings.js';
import { firstRow, newRecord } from './new-connection.js';
import { qrImage } from './qr-image.js';
import { presentConnection } from './present-connection.js';
import { RemoteConnections, type EvolutionParts } from './remote-connections.js';
import { assertMayCreate, assertNameIsFree, mayUse } from './scope.js';
import type {
  ConnectionChanges,
  ConnectionResource,
  CreateConnectionInput,
  PairingCodeResource,
  ProxyInput,
  QrResource,
  Scope,
} from './resources.js';

export interface ConnectionsDeps {
  journal: Journal;
  pool: WhatsAppPoolManager;
  evolution: EvolutionParts;
  proxies: Proxies;
  database: Pick<SupabaseWhatsAppService, 'findSessao'>;
  clock: Clock;
  log: Log;
  defaultOwnerId: string;
  quotas: Quotas;
  /** The text that DEFAULT_OWNER_ID is, when it is no UUID. */
  defaultOwnerTexts?: PartyTexts | undefined;
}

/** See `Connections.sendable`. */
export interface Sendable {
  record: Readonly<ConnectionRecord>;
  estado: Estado;
  /** It has an account, so what is accepted can leave one day. */
  paired: boolean;
  /** Its socket; null when it lives on a server. */
  client: WhatsAppClientService | null;
}

/** How long a new connection waits to learn whether the database knows its name already. */
const LOOKUP_DEADLINE_MS = 2_000;
/** How long a request for a QR code waits for one to be shown. */
const QR_WAIT_MS = 8_000;
const PAIRING_CODE_LIFE_MS = 180_000;
/** The use cases around connections; the registry in the journal is the truth, the row in Postgres follows. */
export class Connections {
  readonly #creating = new Map<string, Promise<unknown>>();
  /** Owners of those that are being made, by connection id. */
  readonly #owners = new Map<string, string>();
  /** Those that live on servers; who may use one is asked here, before. */
  readonly remote: RemoteConnections;

  constructor(private readonly deps: ConnectionsDeps) {
    this.remote = new RemoteConnections(deps);
  }

  /** @throws CONNECTION_TAKEN, CONNECTION_LIMIT */
  async create(
    input: CreateConnectionInput,
    scope: Scope | null,
  ): Promise<{ created: boolean; connection: ConnectionResource }> {
    // Two calls at once make one connection: the second waits, then finds it.
    while (this.#creating.has(input.connectionId)) await this.#creating.get(input.connectionId);
    const existing = this.deps.journal.getConnection(input.connectionId);
    const ownerId = input.ownerId ?? scope?.ownerId ?? existing?.ownerId ?? this.deps.defaultOwnerId;
    assertMayCreate(input, ownerId, scope);
    if (existing) return { created: false, connection: await this.#reopen(existing, ownerId, input) };
    assertNameIsFree(input.connectionId, ownerId, scope);
    if (input.driver === 'evolution' && input.proxy) refuseRemoteProxy();
    const home = input.driver === 'evolution' ? this.remote.homeOf(input, scope) : null;
    const texts = pickTexts([ownerId, input.companyId], input.texts, scope?.texts, this.deps.defaultOwnerTexts);
    const named = { ...input, texts };
    if (scope) this.#assertQuota(ownerId);
    const record = await this.#once(input.connectionId, ownerId, () =>
      home ? this.#registerRemote(named, ownerId, home) : this.#register(named, ownerId),
    );
    if (home) this.remote.open(record.connectionId);
    return { created: true, connection: this.#present(record) };
  }

  /**
   * Registers an instance that an Evolution server already has.
   * @throws CONNECTION_TAKEN, CONNECTION_LIMIT, WRONG_DRIVER when a connection of that id lives elsewhere
   */
  async adopt(input: CreateConnectionInput, ownerId: string, home: EvolutionHome): Promise<EvolutionConnection> {
    const { journal, evolution } = this.deps;
    const { connectionId } = input;
    while (this.#creating.has(connectionId)) await this.#creating.get(connectionId);
    const known = evolution.pool.get(connectionId);
    if (known?.home.instance === home.instance) return known;
    if (journal.getConnection(connectionId)) {
      throw new GatewayError('WRONG_DRIVER', undefined, { details: { connectionId } });
    }
    await this.#once(connectionId, ownerId, () => this.#registerRemote(input, ownerId, home));
    this.remote.open(connectionId);
    return evolution.pool.get(connectionId)!;
  }

  list(scope: Scope | null): ConnectionResource[] {
    const all = this.deps.journal.listConnections();
    return all.filter((record) => mayUse(record, scope)).map((record) => this.#present(record, all));
  }

  get(id: string, scope: Scope | null): ConnectionResource {
    return this.#present(this.record(id, scope));
  }

  /** Changes settings and the proxy, durably; what is null takes its default again. A proxy is tried before. */
  async change(id: string, changes: ConnectionChanges, scope: Scope | null): Promise<ConnectionResource> {
    const record = this.record(id, scope);
    const settings = () => changedSettings(this.record(id, scope).settings, changes.settings ?? {});
    if (record.driver === 'evolution') {
      if (changes.proxy) refuseRemoteProxy();
      await this.remote.configure(id, settings());
    } else {
      const proxy = await this.#checked(id, changes.proxy, record.proxy);
      await this.client(id, scope).configure({ settings: settings(), ...(proxy !== undefined && { proxy }) });
    }
    return this.get(id, scope);
  }

  /** @returns undefined when nothing changes. @throws what makes a proxy unusable */
  async #checked(
    id: string,
    input: ProxyInput | null | undefined,
    before: ConnectionRecord['proxy'],
  ): Promise<ConnectionRecord['proxy'] | undefined> {
    if (!input) return input === null && before ? null : undefined;
    const { proxies } = this.deps;
    const proxy = await proxyRecord(proxies, id, input, before);
    await checkProxy(proxies, id, proxy);
    return proxy;
  }

  /** Shows the current code; a connection that waits for a person starts showing codes again. @throws NO_QR */
  async qr(id: string, scope: Scope | null): Promise<QrResource> {
    if (this.record(id, scope).driver === 'evolution') return this.remote.qr(id);
    const client = this.client(id, scope);
    if (!client.paired && !client.qr) {
      client.initialize();
      await client.waitFor('qr_ready', QR_WAIT_MS).catch(() => undefined);
    }
    const { qr } = client;
    if (!qr) throw new GatewayError('NO_QR', noQrReason(client), { details: { estado: client.estado } });
    return { qrCode: await qrImage(qr.code), code: qr.code, expiresAt: new Date(qr.expiresAt).toISOString() };
  }

  async pairingCode(id: string, phoneNumber: string, scope: Scope | null): Promise<PairingCodeResource> {
    const { driver } = this.record(id, scope);
    const recipient = parseRecipient(phoneNumber, 'phoneNumber');
    if (recipient.kind !== 'number') throw new GatewayError('BAD_REQUEST', 'phoneNumber must be a phone number');
    const { digits } = recipient;
    const pairingCode =
      driver === 'evolution'
        ? await this.remote.pairingCode(id, digits)
        : await this.#localCode(this.client(id, scope), digits);
    return { pairingCode, expiresAt: new Date(this.deps.clock.now() + PAIRING_CODE_LIFE_MS).toISOString() };
  }

  async #localCode(client: WhatsAppClientService, digits: string): Promise<string> {
    if (client.paired) throw new GatewayError('ALREADY_PAIRED');
    client.initialize();
    return client.requestPairingCode(digits);
  }

  /** Logs out at WhatsApp (when it can be reached), deletes the keys and forgets the connection; its rows stay. */
  async delete(id: string, scope: Scope | null): Promise<void> {
    if (this.record(id, scope).driver === 'evolution') return this.remote.delete(id);
    const client = this.client(id, scope);
    await this.deps.pool.remove(id);
    await this.deps.journal.deleteConnection(id, client.record);
  }

  /** @throws CONNECTION_NOT_FOUND, also for somebody else's: its existence is nobody's business. */
  record(id: string, scope: Scope | null): ConnectionRecord {
    const { pool, evolution, journal } = this.deps;
    const record = pool.get(id)?.record ?? evolution.pool.get(id)?.record ?? journal.getConnection(id);
    if (!record || !mayUse(record, scope)) {
      throw new GatewayError('CONNECTION_NOT_FOUND', undefined, { details: { connectionId: id } });
    }
    return record;
  }

  /** What a request to send has to know of a connection, wherever it lives. @throws CONNECTION_NOT_FOUND */
  sendable(id: string, scope: Scope | null): Sendable {
    const record = this.record(id, scope);
    if (record.driver === 'baileys') {
      const client = this.client(id, scope);
      return { record, estado: client.estado, paired: client.paired, client };
    }
    const estado = record.estado as Estado;
    return { record, estado, paired: estado === 'ready' || record.numero !== null, client: null };
  }

  /** The socket of a connection in this process. @throws CONNECTION_NOT_FOUND, WRONG_DRIVER when it lives on a server */
  client(id: string, scope: Scope | null): WhatsAppClientService {
    const record = this.record(id, scope);
    if (record.driver !== 'baileys') {
      throw new GatewayError('WRONG_DRIVER', 'A connection on an Evolution server cannot do this.', {
        details: { connectionId: id, driver: record.driver },
      });
    }
    return this.deps.pool.get(id) ?? this.deps.pool.add(record);
  }

  async #reopen(
    record: ConnectionRecord,
    ownerId: string,
    { driver, proxy }: CreateConnectionInput,
  ): Promise<ConnectionResource> {
    if (record.ownerId !== ownerId) {
      throw new GatewayError('CONNECTION_TAKEN', undefined, { details: { connectionId: record.connectionId } });
    }
    if (driver !== undefined && driver !== record.driver) throw new GatewayError('WRONG_DRIVER');
    if (record.driver === 'evolution') {
      if (proxy) refuseRemoteProxy();
      this.remote.open(record.connectionId);
      return this.#present(record);
    }
    const client = this.deps.pool.get(record.connectionId) ?? this.deps.pool.add(record);
    if (proxy !== undefined) await this.change(record.connectionId, { proxy }, null);
    // Logged out: its credentials are on their way to the archive, and the next socket waits for that.
    if (!client.paired || client.estado === 'logged_out') client.initialize();
    return this.#present(record);
  }

  /** Whoever asks for the same id meanwhile waits for the end of it. */
  async #once<T>(connectionId: string, ownerId: string, work: () => Promise<T>): Promise<T> {
    this.#assertRoom();
    this.#owners.set(connectionId, ownerId);
    const working = work();
    this.#creating.set(
      connectionId,
      working.catch(() => undefined),
    );
    try {
      return await working;
    } finally {
      this.#creating.delete(connectionId);
      this.#owners.delete(connectionId);
    }
  }

  /** MAX_CONNECTIONS counts every connection alike, wherever it lives, and those that are being made. @throws CONNECTION_LIMIT */
  #assertRoom(): void {
    const { journal, pool } = this.deps;
    const known = journal.listConnections().map(({ connectionId }) => connectionId);
    const limit = pool.maxClients;
    if (new Set([...known, ...this.#creating.keys()]).size >= limit) throw connectionLimit(limit);
  }

  /** Those of an owner that exist or are being made. @throws CONNECTION_LIMIT */
  #assertQuota(ownerId: string): void {
    const made = this.deps.journal.listConnections().filter((record) => record.ownerId === ownerId);
    const making = [...this.#owners].filter(([, owner]) => owner === ownerId).map(([id]) => id);
    const ids = new Set([...made.map(({ connectionId }) => connectionId), ...making]);
    assertWithin(this.deps.quotas, 'connections', ids.size);
  }

  async #registerRemote(input: CreateConnectionInput, ownerId: string, home: EvolutionHome): Promise<ConnectionRecord> {
    const rowId = await this.#rowIdOf(input.connectionId, ownerId);
    return (await this.remote.register(input, ownerId, rowId, home)).record;
  }

  async #register(input: CreateConnectionInput, ownerId: string): Promise<ConnectionRecord> {
    const rowId = await this.#rowIdOf(input.connectionId, ownerId);
    const proxy = await this.#checked(input.connectionId, input.proxy, null);
    const record = newRecord(input, ownerId, rowId, this.deps.clock.now(), { proxy: proxy ?? null });
    const client = this.deps.pool.add(record);
    await this.deps.journal.commit({
      connections: [record],
      entries: [{ kind: 'session', connectionId: record.connectionId, changes: firstRow(record) }],
    });
    client.initialize();
    return record;
  }

  /** A row of that name may be left from an earlier life of this gateway: it is used again, if it is the same owner's. */
  async #rowIdOf(connectionId: string, ownerId: string): Promise<string> {
    try {
      const row = await withDeadline(this.deps.database.findSessao(connectionId), LOOKUP_DEADLINE_MS, 'session lookup');
      if (!row) return randomUUID();
      if (row['owner_id'] !== ownerId)
        throw new GatewayError('CONNECTION_TAKEN', undefined, { details: { connectionId } });
      return String(row['id']);
    } catch (error) {
      if (isGatewayError(error, 'CONNECTION_TAKEN')) throw error;
      this.deps.log.warn('session not looked up, the database is away', { connectionId, error });
      return randomUUID();
    }
  }

  #present(record: ConnectionRecord, all = this.deps.journal.listConnections()): ConnectionResource {
    const client = this.deps.pool.get(record.connectionId) ?? null;
    const { connectionId } = record;
    const live = client ?? this.deps.evolution.pool.get(connectionId);
    const remote = this.remote.present(connectionId);
    return { ...presentConnection(live?.record ?? record, client, all), ...(remote && { remote }) };
  }
}

function noQrReason(client: WhatsAppClientService): string {
  return client.paired
    ? 'This connection is paired: there is no QR code to show. Delete it to pair another number.'
    : `There is no QR code to show now (estado ${client.estado}): try again in a few seconds.`;
}
