import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import type { ClientEvents } from '../whatsapp/client-events.js';
import { EvolutionConnection } from './evolution-connection.js';

/** The connections that live on Evolution servers. Their registry is the journal's; here is what is known of each now. */
export class EvolutionPool {
  readonly events: TypedEmitter<ClientEvents>;
  readonly #connections = new Map<string, EvolutionConnection>();

  constructor(
    private readonly deps: {
      journal: Journal;
      clock: Clock;
      log: Log;
      /** Told of every connection that is taken in. */
      onConnection: (connection: EvolutionConnection) => void;
    },
  ) {
    this.events = new TypedEmitter<ClientEvents>(deps.log);
  }

  /** The connection of that id; undefined when there is none, or one of another driver. */
  get(connectionId: string): EvolutionConnection | undefined {
    const known = this.#connections.get(connectionId);
    if (known) return known;
    const record = this.deps.journal.getConnection(connectionId);
    return record?.driver === 'evolution' ? this.add(record) : undefined;
  }

  /** The connection whose instance has that name at its server; undefined when there is none. */
  findInstance(instance: string, among: readonly string[] | null = null): EvolutionConnection | undefined {
    return this.list().find(
      (each) => each.home.instance === instance && (among === null || among.includes(each.connectionId)),
    );
  }

  list(): EvolutionConnection[] {
    const records = this.deps.journal.listConnections().filter(({ driver }) => driver === 'evolution');
    return records.map((record) => this.add(record));
  }

  /** Takes a record of the registry in; one that is there stays as it is. */
  add(record: ConnectionRecord): EvolutionConnection {
    const known = this.#connections.get(record.connectionId);
    if (known) return known;
    const { journal, clock } = this.deps;
    const connection = new EvolutionConnection(record, { journal, clock, events: this.events });
    this.#connections.set(record.connectionId, connection);
    this.deps.onConnection(connection);
    return connection;
  }

  /** Tells `onConnection` of all again: after a stop nobody serves them. */
  serveAll(): void {
    for (const connection of this.list()) this.deps.onConnection(connection);
  }

  /** It was deleted. */
  forget(connectionId: string): void {
    this.#connections.get(connectionId)?.forget();
    this.#connections.delete(connectionId);
  }
}
