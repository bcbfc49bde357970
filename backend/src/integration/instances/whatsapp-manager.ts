import type { EvolutionConnection } from '../../evolution/evolution-connection.js';
import type { EvolutionPool } from '../../evolution/evolution-pool.js';
import type { Clock } from '../../lib/clock.js';
import type { WhatsAppClientService } from '../../whatsapp/whatsapp-client-service.js';
import type { WhatsAppPoolManager } from '../../whatsapp/whatsapp-pool-manager.js';
import type { Connections } from '../connections.js';
import { QrImages } from '../qr-images.js';
import type { QrResource, Scope } from '../resources.js';
import { mayUse } from '../scope.js';
import { pickTexts, partyOf, textsOf, type Party } from '../../lib/party.js';
import { instanceNameOf, userOfInstance } from '../../lib/instance-name.js';
import { presentInstance, type InstanceHealth, type InstanceResource } from './instance-resource.js';
import { assertIsTheirs, assertMayConnect, type InstanceCall } from './may-connect.js';
import type { Journal } from '../../journal/journal.js';

export interface WhatsAppManagerDeps {
  journal: Pick<Journal, 'getConnection' | 'listConnections'>;
  pool: WhatsAppPoolManager;
  evolution: { pool: EvolutionPool };
  connections: Connections;
  /** What the health monitor knows of a connection. */
  healthOf: (connectionId: string) => InstanceHealth | null;
  /** Where new instances live; one that is there stays where it is. */
  driver: 'baileys' | 'evolution';
  clock: Clock;
}

/** What `connectUserWhatsApp` has come to within its wait. */
export interface ConnectedInstance {
  /** It was made by this call. */
  created: boolean;
  instance: InstanceResource;
  /** What the user scans now; null when no scan is needed, or none can be shown yet. */
  qr: QrResource | null;
}

/** How long a call waits for a code, a login or the end of both. */
const CONNECT_WAIT_MS = 10_000;
/** States on the way somewhere: another start would only lose what has been reached. */
const UNDER_WAY = new Set(['initializing', 'pairing', 'qr_ready', 'authenticated']);
/** States in which there is nothing yet to show a person. */
const UNDECIDED = new Set(['idle', 'initializing', 'authenticated']);

/**
 * One instance per user: an ordinary connection of the pool whose id says whose it is, so two of one user cannot be.
 * Every method takes a call with its caller, or (from inside the process) the ids of the user and the organisation.
 * It needs no database; `whatsapp_instances` follows the connection's row.
 */
export class WhatsAppManager {
  readonly #images = new QrImages();
  /** Calls that came while one is at work on the same instance share its work. */
  readonly #connecting = new Map<string, Promise<boolean>>();

  constructor(private readonly deps: WhatsAppManagerDeps) {}

  /** The user's instance, as far as `scope` sees it; null when there is none. */
  findUserInstance(who: Party | string, scope: Scope | null = null): InstanceResource | null {
    const user = typeof who === 'string' ? partyOf(who) : who;
    const record = this.#record(user);
    return record && mayUse(record, scope) ? this.#present(user) : null;
  }

  /** Finds or creates. A new one is started. @throws FORBIDDEN, CONNECTION_TAKEN, CONNECTION_LIMIT */
  async ensureUserInstance(who: InstanceCall | string, organizationId?: string | null): Promise<InstanceResource> {
    const call = callOf(who, organizationId);
    const { instance } = this.#allowed(call)
      ? { instance: this.#present(call.user) }
      : await this.createUserInstance(call);
    return instance;
  }

  /** Creates and starts it, unless somebody was faster. @throws FORBIDDEN, CONNECTION_TAKEN, CONNECTION_LIMIT */
  async createUserInstance(
    who: InstanceCall | string,
    organizationId?: string | null,
  ): Promise<{ created: boolean; instance: InstanceResource }> {
    const call = callOf(who, organizationId);
    const { user, organization, scope } = call;
    const connectionId = this.#nameOf(user);
    assertMayConnect(call, connectionId);
    const [ownerId, companyId] = [user.id, organization?.id ?? null];
    const texts = pickTexts([ownerId, companyId], textsOf(user, organization), scope?.texts);
    const { driver } = this.deps;
    // Who may is decided: the registry need not ask again, and knows no programs that act for users.
    const { created } = await this.deps.connections.create({ connectionId, ownerId, companyId, texts, driver }, null);
    this.#allowed(call);
    return { created, instance: this.#present(user) };
  }

  /**
   * Ensures the instance and connects it: a new one shows its code, one that is there gets a new socket, unless it is on
   * its way already. Calls at once share one start.
   * @throws FORBIDDEN, CONNECTION_TAKEN, CONNECTION_LIMIT
   */
  async connectUserWhatsApp(who: InstanceCall | string, organizationId?: string | null): Promise<ConnectedInstance> {
    const call = callOf(who, organizationId);
    const { user } = call;
    const known = this.#allowed(call);
    const first = !this.#connecting.has(user.id);
    const work = this.#connecting.get(user.id) ?? this.#connect(call, known);
    if (first) this.#connecting.set(user.id, work);
    try {
      const created = await work;
      // Who shares the work of somebody else is asked about what came of it.
      this.#allowed(call);
      const name = this.#nameOf(user);
      await this.#decided(name);
      return { created: created && first, instance: this.#present(user), qr: await this.#qr(name) };
    } finally {
      if (first) this.#connecting.delete(user.id);
    }
  }

  /** @returns whether it was created now */
  async #connect(call: InstanceCall, known: boolean): Promise<boolean> {
    if (!known) {
      const { created } = await this.createUserInstance(call);
      if (created) return true;
    }
    const { connections } = this.deps;
    const name = this.#nameOf(call.user);
    const { estado, client } = connections.sendable(name, null);
    if (UNDER_WAY.has(estado)) return false;
    await (client ? client.reconnect() : connections.remote.reconnect(name));
    return false;
  }

  /** Whether the instance is there, and the call's. @throws FORBIDDEN, CONNECTION_TAKEN */
  #allowed(call: InstanceCall): boolean {
    assertMayConnect(call, this.#nameOf(call.user));
    const record = this.#record(call.user);
    if (!record) return false;
    assertIsTheirs(record, call);
    return true;
  }

  /** Waits until there is something to say, or for as long as a request can. */
  async #decided(name: string): Promise<void> {
    const { pool, evolution } = this.deps;
    const live: Live | undefined = pool.get(name) ?? evolution.pool.get(name);
    if (!live || isDecided(live)) return;
    const over = new AbortController();
    const look = ({ connectionId }: { connectionId: string }) => {
      if (connectionId === name && isDecided(live)) over.abort();
    };
    const { events } = pool.get(name) ? pool : evolution.pool;
    const undo = [events.on('stateChanged', look), events.on('qr', look)];
    await this.deps.clock.sleep(CONNECT_WAIT_MS, over.signal);
    for (const off of undo) off();
  }

  async #qr(name: string): Promise<QrResource | null> {
    const client = this.deps.pool.get(name);
    if (!client) return this.deps.connections.remote.shownQr(this.deps.connections.record(name, null));
    if (!client.qr) return null;
    const { code, expiresAt } = client.qr;
    return { qrCode: await this.#images.of(client, code), code, expiresAt: new Date(expiresAt).toISOString() };
  }

  /** Who named a user by a text and who names them by its UUID mean one instance: the one that is there. */
  #nameOf(user: Party): string {
    const name = instanceNameOf(user);
    if (this.deps.pool.get(name) || this.deps.journal.getConnection(name)) return name;
    const isTheirs = ({ connectionId, ownerId }: { connectionId: string; ownerId: string }) =>
      ownerId === user.id && userOfInstance(connectionId)?.id === user.id;
    return this.deps.journal.listConnections().find(isTheirs)?.connectionId ?? name;
  }

  #record(user: Party) {
    const name = this.#nameOf(user);
    return this.deps.pool.get(name)?.record ?? this.deps.journal.getConnection(name);
  }

  #present(user: Party): InstanceResource {
    const record = this.deps.connections.record(this.#nameOf(user), null);
    return presentInstance(record, this.deps.healthOf(record.connectionId));
  }
}

/** A call by ids alone is the program's own: nobody asks who may. */
function callOf(who: InstanceCall | string, organizationId: string | null = null): InstanceCall {
  if (typeof who !== 'string') return who;
  const organization = organizationId === null ? null : partyOf(organizationId);
  return { user: partyOf(who), organization, scope: null, isProgram: true };
}

type Live = Pick<WhatsAppClientService | EvolutionConnection, 'estado' | 'qr'>;

function isDecided({ estado, qr }: Live): boolean {
  return qr !== null || !(UNDECIDED.has(estado) || estado === 'qr_ready');
}
