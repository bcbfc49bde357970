import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';

/** `unpaired`: a connection without credentials. `credentials`: an auth state whose connection nobody knows. */
export type OrphanKind = 'unpaired' | 'credentials';

/** Something that is left over, as people see it. Times are ISO 8601. */
export interface OrphanResource {
  kind: OrphanKind;
  connectionId: string;
  /** Since when it is of no use. */
  since: string;
  /** When it was reported first. */
  reportedAt: string;
  /** Not before this time it is removed, unless it is in use again by then. */
  removedAfter: string;
}

export interface OrphansDeps {
  journal: Pick<Journal, 'listConnections' | 'getConnection' | 'auth'>;
  /** Whether a connection has credentials of a paired number. */
  isPaired: (connectionId: string) => boolean;
  /** What a connection in the pool is at; undefined when it is not there. */
  liveEstado: (connectionId: string) => string | undefined;
  /** Forgets a connection (its rows in the database stay). */
  removeConnection: (connectionId: string) => Promise<void>;
  events: TypedEmitter<GatewayEvents>;
  /** ORPHAN_AGE_MS. */
  ageMs: number;
  clock: Clock;
  log: Log;
}

interface Orphan {
  kind: OrphanKind;
  connectionId: string;
  since: number;
  reportedAt: number;
}

/** States in which a connection without credentials is of use to nobody. In all others somebody is about to pair it, or
 *  has to see what became of it. */
const LEFT_OVER = new Set(['idle', 'disconnected', 'logged_out', 'error']);

/**
 * Finds what is left over, tells people, and takes it away when it is old enough. Nothing is removed in the round that
 * found it: whoever still needs it has at least until the next one (an hour) and ORPHAN_AGE_MS to say so by using it.
 * Credentials without a connection go to the archive (30 days) rather than away.
 */
export class Orphans {
  #found: Orphan[] = [];

  constructor(private readonly deps: OrphansDeps) {}

  /** What the last round left. */
  list(): OrphanResource[] {
    return this.#found.map(({ kind, connectionId, since, reportedAt }) => ({
      kind,
      connectionId,
      since: iso(since),
      reportedAt: iso(reportedAt),
      removedAfter: iso(this.#dueAt({ kind, connectionId, since, reportedAt })),
    }));
  }

  /** How many the last round left, by kind. */
  counts(): Record<OrphanKind, number> {
    const count = (kind: OrphanKind) => this.#found.filter((each) => each.kind === kind).length;
    return { unpaired: count('unpaired'), credentials: count('credentials') };
  }

  /** Looks, reports what is new, removes what is due. @throws GatewayError `JOURNAL_FAILED` */
  async round(): Promise<void> {
    const { journal, clock } = this.deps;
    const sightings = journal.auth.orphanSightings();
    const now = clock.now();
    const found = [...this.#unpaired(), ...this.#strayCredentials()].map((each) => this.#dated(each, sightings, now));
    const fresh = found.filter((each) => sightings[nameOf(each)] === undefined);
    for (const orphan of fresh) this.#report(orphan);
    const due = found.filter((each) => !fresh.includes(each) && this.#dueAt(each) <= now);
    for (const orphan of due) await this.#remove(orphan);
    this.#found = found.filter((each) => !due.includes(each));
    const next = Object.fromEntries(this.#found.map((each) => [nameOf(each), each.reportedAt]));
    if (JSON.stringify(next) !== JSON.stringify(sightings)) await journal.auth.setOrphanSightings(next);
  }

  #unpaired(): Omit<Orphan, 'reportedAt'>[] {
    const { journal } = this.deps;
    return journal
      .listConnections()
      .filter((record) => this.#isLeftOver(record))
      .map((record) => ({ kind: 'unpaired', connectionId: record.connectionId, since: lastUse(record) }));
  }

  #strayCredentials(): Omit<Orphan, 'reportedAt'>[] {
    const { journal, clock } = this.deps;
    const stray = journal.auth.owners().filter((id) => journal.getConnection(id) === null);
    // When it lost its connection is not written anywhere: the time counts from the report.
    return stray.map((connectionId) => ({ kind: 'credentials', connectionId, since: clock.now() }));
  }

  #isLeftOver(record: ConnectionRecord): boolean {
    const { liveEstado, isPaired } = this.deps;
    const estado = liveEstado(record.connectionId) ?? record.estado;
    return LEFT_OVER.has(estado) && !isPaired(record.connectionId);
  }

  #dated(orphan: Omit<Orphan, 'reportedAt'>, sightings: Record<string, number>, now: number): Orphan {
    const reportedAt = sightings[nameOf(orphan)] ?? now;
    return { ...orphan, reportedAt, since: orphan.kind === 'credentials' ? reportedAt : orphan.since };
  }

  #dueAt({ since, reportedAt }: Orphan): number {
    return Math.max(since + this.deps.ageMs, reportedAt);
  }

  #report(orphan: Orphan): void {
    const { kind, connectionId } = orphan;
    const removedAfter = iso(this.#dueAt(orphan));
    this.deps.log.warn('orphan found', { kind, connectionId, removedAfter });
    const message = `${MESSAGE[kind]} It is removed after ${removedAfter} (ORPHAN_AGE_MS).`;
    this.deps.events.emit('alert', { severity: 'warning', code: 'ORPHAN_FOUND', message, connectionId });
  }

  /** Looks once more: between the finding and now it may have come into use. */
  async #remove({ kind, connectionId }: Orphan): Promise<void> {
    const { journal, log } = this.deps;
    const record = journal.getConnection(connectionId);
    if (kind === 'credentials') {
      if (record === null) await journal.auth.archive(connectionId, 'ORPHAN');
    } else if (record !== null && this.#isLeftOver(record)) {
      await this.deps.removeConnection(connectionId);
    }
    log.warn('orphan removed', { kind, connectionId });
    this.deps.events.emit('alert', {
      severity: 'warning',
      code: 'ORPHAN_REMOVED',
      message: REMOVED[kind],
      connectionId,
    });
  }
}

const MESSAGE: Record<OrphanKind, string> = {
  unpaired: 'This connection has no credentials: nobody has paired it, or WhatsApp has logged it out.',
  credentials: 'There are credentials of a connection that is not known any more.',
};
const REMOVED: Record<OrphanKind, string> = {
  unpaired: 'A connection without credentials was removed; its conversations stay in the database.',
  credentials: 'Credentials without a connection were put into the archive (30 days).',
};

/** Unpaired and unused since then. */
function lastUse({ createdAt, connectedAt, disconnectedAt, lastActivityAt }: ConnectionRecord): number {
  return Math.max(createdAt, connectedAt ?? 0, disconnectedAt ?? 0, lastActivityAt ?? 0);
}

function nameOf({ kind, connectionId }: Pick<Orphan, 'kind' | 'connectionId'>): string {
  return `${kind}:${connectionId}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
