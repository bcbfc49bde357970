import type { Scope } from '../integration/resources.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import { isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { DeadLetters } from './dead-letters.js';
import type { GatewayStats } from './gateway-stats.js';
import type { OrphanResource, Orphans } from './orphans.js';
import { runSelfTest, type SelfTestReport, type SelfTestStep } from './self-test.js';

export type ServiceState = 'stopped' | 'starting' | 'running' | 'stopping' | 'failed';

/** One part that starts and stops; listed in the order in which they start. */
export interface ManagedService {
  name: 'supabase' | 'integration' | 'watchdog';
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
  /** Why a running service is not at its best (the database is away, …); null when all is well. */
  reason(): string | null;
}

export interface ServiceStatus {
  state: ServiceState;
  since: string;
  reason: string | null;
}

export interface WhatsAppBootstrapDeps {
  services: ManagedService[];
  selfTestSteps: () => SelfTestStep[];
  stats: (scope: Scope | null) => Promise<GatewayStats>;
  deadLetters: DeadLetters;
  orphans: Pick<Orphans, 'list'>;
  connections: (scope: Scope | null) => { total: number; ready: number; byStatus: Record<string, number> };
  journalWritable: () => Promise<void>;
  foreignServer: boolean;
  version: string;
  clock: Clock;
  log: Log;
}

export interface BootstrapStatus {
  version: string;
  uptimeS: number;
  /** Sockets go to a server other than Meta's. */
  foreignServer: boolean;
  services: Record<ManagedService['name'] | 'bootstrap', ServiceStatus>;
  connections: { total: number; ready: number; byStatus: Record<string, number> };
}

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 8_000;
const JOURNAL_DEADLINE_MS = 2_000;

/**
 * Starts, stops and coordinates the services: database, integration, watchdog, in this order; stops in the other.
 *
 * ## States
 * - **stopped** → starting (`initialize`).
 * - **starting** → running, or failed (a service did not start; those before it keep running).
 * - **running** → stopping (`stop`, `restart`).
 * Calls that come while one is under way share its promise.
 */
export class WhatsAppBootstrapService {
  readonly #status = new Map<string, { state: ServiceState; since: number; failure: string | null }>();
  readonly #startedAt: number;
  #state: ServiceState = 'stopped';
  #since: number;
  #working: Promise<void> | null = null;
  #journalProblem: 'JOURNAL_FULL' | 'JOURNAL_FAILED' | null = null;

  constructor(private readonly deps: WhatsAppBootstrapDeps) {
    this.#startedAt = deps.clock.now();
    this.#since = this.#startedAt;
    for (const { name } of deps.services) this.#mark(name, 'stopped', null);
  }

  /** Starts what is not running. Idempotent. */
  initialize(): Promise<void> {
    if (this.#state === 'running') return Promise.resolve();
    return this.#exclusively(() => this.#start());
  }

  /** Orderly stop and start of the services; the journal and the HTTP server stay up. */
  restart(): Promise<void> {
    return this.#exclusively(async () => {
      await this.#stop();
      await this.#start();
    });
  }

  stop(): Promise<void> {
    if (this.#state === 'stopped') return Promise.resolve();
    return this.#exclusively(() => this.#stop());
  }

  /** @param scope whose connections are counted; null = all */
  status(scope: Scope | null = null): BootstrapStatus {
    const managed = this.deps.services.map((service) => [service.name, this.#present(service)]);
    const services = {
      ...(Object.fromEntries(managed) as Record<ManagedService['name'], ServiceStatus>),
      bootstrap: { state: this.#state, since: iso(this.#since), reason: null },
    };
    return {
      version: this.deps.version,
      uptimeS: Math.floor((this.deps.clock.now() - this.#startedAt) / 1000),
      foreignServer: this.deps.foreignServer,
      services,
      connections: this.deps.connections(scope),
    };
  }

  /** Entries that the database refused for good. */
  get deadLetters(): DeadLetters {
    return this.deps.deadLetters;
  }

  /** What is left over and will be removed, as the last look has found it. */
  orphans(): OrphanResource[] {
    return this.deps.orphans.list();
  }

  /** @param scope whose connections are named; null = all */
  stats(scope: Scope | null = null): Promise<GatewayStats> {
    return this.deps.stats(scope);
  }

  /** Every part is tried for real, one after the other; never touches customers' data. */
  selfTest(): Promise<SelfTestReport> {
    return runSelfTest(this.deps.selfTestSteps(), this.deps.clock);
  }

  /** The event loop turns: whoever gets an answer has its proof. */
  live(): true {
    return true;
  }

  /** Ready to keep its promise: the journal takes writes and the services run. The database may be away. */
  async ready(): Promise<boolean> {
    return (await this.unreadiness()) === null;
  }

  /** Why it is not `ready`, as the code of an error; null when it is. The log tells when the journal fails and recovers. */
  async unreadiness(): Promise<'SERVICES_STOPPED' | 'JOURNAL_FULL' | 'JOURNAL_FAILED' | null> {
    if (this.#state !== 'running') return 'SERVICES_STOPPED';
    let found: 'JOURNAL_FULL' | 'JOURNAL_FAILED' | null = null;
    let cause: unknown = null;
    try {
      await withDeadline(this.deps.journalWritable(), JOURNAL_DEADLINE_MS, 'journal write');
    } catch (error) {
      found = isGatewayError(error, 'JOURNAL_FULL') ? 'JOURNAL_FULL' : 'JOURNAL_FAILED';
      cause = error;
    }
    if (found !== this.#journalProblem) {
      if (found === null) this.deps.log.warn('journal writable again');
      else this.deps.log.error('journal not writable', { error: cause });
    }
    return (this.#journalProblem = found);
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    this.#working ??= work().finally(() => (this.#working = null));
    return this.#working;
  }

  async #start(): Promise<void> {
    this.#move('starting');
    for (const service of this.deps.services) {
      if (this.#status.get(service.name)?.state !== 'running') await this.#startOne(service);
    }
    this.#move('running');
  }

  async #startOne(service: ManagedService): Promise<void> {
    this.#mark(service.name, 'starting', null);
    try {
      await withDeadline(Promise.resolve(service.start()), START_DEADLINE_MS, `start of ${service.name}`);
      this.#mark(service.name, 'running', null);
    } catch (error) {
      this.#mark(service.name, 'failed', error instanceof Error ? error.message : String(error));
      this.#move('failed');
      throw error;
    }
  }

  async #stop(): Promise<void> {
    this.#move('stopping');
    for (const service of [...this.deps.services].reverse()) {
      this.#mark(service.name, 'stopping', null);
      try {
        await withDeadline(Promise.resolve(service.stop()), STOP_DEADLINE_MS, `stop of ${service.name}`);
      } catch (error) {
        this.deps.log.error('service did not stop in order', { service: service.name, error });
      }
      this.#mark(service.name, 'stopped', null);
    }
    this.#move('stopped');
  }

  #present(service: ManagedService): ServiceStatus {
    const { state, since, failure } = this.#status.get(service.name)!;
    return { state, since: iso(since), reason: failure ?? (state === 'running' ? service.reason() : null) };
  }

  #mark(name: string, state: ServiceState, failure: string | null): void {
    this.#status.set(name, { state, since: this.deps.clock.now(), failure });
  }

  #move(state: ServiceState): void {
    this.#state = state;
    this.#since = this.deps.clock.now();
    this.deps.log.info('bootstrap', { state });
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
