import { randomBytes } from 'node:crypto';
import type { EvolutionConnection, EvolutionQr } from '../evolution/evolution-connection.js';
import type { EvolutionDriver } from '../evolution/evolution-driver.js';
import type { EvolutionPool } from '../evolution/evolution-pool.js';
import type { EvolutionServers } from '../evolution/evolution-servers.js';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord, EvolutionHome } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import { firstRow, newRecord } from './new-connection.js';
import { qrImage } from './qr-image.js';
import type { CreateConnectionInput, QrResource, RemoteResource, Scope } from './resources.js';

/** The parts that keep connections on Evolution servers (src/evolution). */
export interface EvolutionParts {
  pool: EvolutionPool;
  driver: EvolutionDriver;
  servers: EvolutionServers;
}

export interface RemoteConnectionsDeps {
  journal: Journal;
  evolution: EvolutionParts;
  clock: Clock;
}

/** The use cases around connections that live on Evolution servers. Who may use one was asked before. */
export class RemoteConnections {
  constructor(private readonly deps: RemoteConnectionsDeps) {}

  /**
   * What a caller has asked for, as it is kept. The server of the settings has everybody's instances, so only the root key
   * may name one there; all others get a name that nobody has.
   * @throws GatewayError `REMOTE_NOT_CONFIGURED`, `CONNECTION_TAKEN` when another connection is that instance
   */
  homeOf({ connectionId, evolution = {} }: CreateConnectionInput, scope: Scope | null): EvolutionHome {
    const { url = null, apiKey = null } = evolution;
    const isFree = url !== null || scope === null;
    const instance = isFree
      ? (evolution.instance ?? connectionId)
      : `${connectionId}-${randomBytes(4).toString('hex')}`;
    const home = { instance, url, apiKey, webhookSecret: randomBytes(32).toString('hex'), stateAt: null };
    if (!this.deps.evolution.servers.has(home)) throw new GatewayError('REMOTE_NOT_CONFIGURED');
    const isTaken = this.deps.evolution.pool
      .list()
      .some((each) => each.home.instance === instance && each.home.url === url);
    if (isTaken) throw new GatewayError('CONNECTION_TAKEN', 'Another connection is this instance already.');
    return home;
  }

  /** Puts it into the registry, durably. @throws GatewayError `JOURNAL_FAILED` */
  async register(
    input: CreateConnectionInput,
    ownerId: string,
    rowId: string,
    home: EvolutionHome,
  ): Promise<EvolutionConnection> {
    const { journal, evolution, clock } = this.deps;
    const record = newRecord(input, ownerId, rowId, clock.now(), { home });
    const { connectionId } = record;
    await journal.commit({
      connections: [record],
      entries: [{ kind: 'session', connectionId, changes: firstRow(record) }],
    });
    return evolution.pool.add(record);
  }

  /** Makes it at its server, in the background and as often as it takes. */
  open(connectionId: string): void {
    const connection = this.deps.evolution.pool.get(connectionId);
    if (connection && this.deps.evolution.servers.has(connection.home)) this.deps.evolution.driver.openSoon(connection);
  }

  /** The server's own picture, when it sent one. @throws GatewayError `NO_QR` and what calling its server can end with */
  async qr(id: string): Promise<QrResource> {
    return presentQr(await this.deps.evolution.driver.qr(this.#of(id)));
  }

  /** @param digits with country code */
  pairingCode(id: string, digits: string): Promise<string> {
    return this.deps.evolution.driver.pairingCode(this.#of(id), digits);
  }

  /** Other settings from the next event on. @throws JOURNAL_FAILED */
  configure(id: string, settings: ConnectionRecord['settings']): Promise<void> {
    return this.#of(id).configure(settings);
  }

  /** A new socket at its server, or a code to link it with. @throws GatewayError what calling its server can end with */
  reconnect(id: string): Promise<void> {
    return this.deps.evolution.driver.reconnect(this.#of(id));
  }

  /** The session ends at WhatsApp; the instance stays. @throws GatewayError what calling its server can end with */
  logout(id: string): Promise<void> {
    return this.deps.evolution.driver.logout(this.#of(id));
  }

  /** The code that it shows now, without asking its server; null when it shows none, or lives in this process. */
  async shownQr({
    connectionId,
    driver,
  }: Pick<ConnectionRecord, 'connectionId' | 'driver'>): Promise<QrResource | null> {
    const qr = driver === 'evolution' ? this.deps.evolution.pool.get(connectionId)?.qr : null;
    return qr ? presentQr(qr) : null;
  }

  /** Removes it at its server as far as that can be reached, and forgets it; its rows stay. */
  async delete(id: string): Promise<void> {
    const connection = this.#of(id);
    await this.deps.evolution.driver.remove(connection);
    // Before: nothing that is under way may write its record again.
    connection.forget();
    try {
      await this.deps.journal.deleteConnection(id, connection.record);
    } finally {
      this.deps.evolution.pool.forget(id);
    }
  }

  /** What the API shows of its server; undefined for connections in this process. */
  present(id: string): RemoteResource | undefined {
    const { pool, servers } = this.deps.evolution;
    const home = pool.get(id)?.home;
    if (!home) return undefined;
    if (!servers.has(home)) return { instance: home.instance, url: null, circuit: 'closed' };
    const { url, circuit } = servers.of(home).server;
    return { instance: home.instance, url, circuit };
  }

  #of(id: string): EvolutionConnection {
    const connection = this.deps.evolution.pool.get(id);
    if (!connection) throw new GatewayError('CONNECTION_NOT_FOUND', undefined, { details: { connectionId: id } });
    return connection;
  }
}

async function presentQr({ code, image, expiresAt }: EvolutionQr): Promise<QrResource> {
  return { qrCode: image ?? (await qrImage(code)), code, expiresAt: new Date(expiresAt).toISOString() };
}
