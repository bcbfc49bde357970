import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import { inspectConnection, type ConnectionHealth } from './connection-health.js';

export interface WhatsAppWatchdogDeps {
  pool: WhatsAppPoolManager;
  clock: Clock;
  log: Log;
  events: TypedEmitter<GatewayEvents>;
  intervalMs: number;
}

/** Failures in a row before people hear of it, and before the socket is recycled. */
const ALERT_AFTER = 2;
const RECYCLE_AFTER = 3;
/** Problems that a new socket can mend; the others have their own way back (the disconnect table). */
const MENDED_BY_A_NEW_SOCKET = new Set(['SILENT_SOCKET', 'STUCK_STANZA']);

/**
 * Watches every connection and mends what does not mend itself.
 *
 * ## States
 * - **stopped**: nothing is looked at.
 * - **running**: every `intervalMs` each connection's probes are read; the second failure in a row is an alert, the
 *   third recycles the socket when that can help. It never logs out and never deletes credentials.
 */
export class WhatsAppWatchdogService {
  #state: 'stopped' | 'running' = 'stopped';
  #cancel: (() => void) | null = null;
  #last: ConnectionHealth[] = [];
  readonly #failures = new Map<string, number>();

  constructor(private readonly deps: WhatsAppWatchdogDeps) {}

  get state(): 'stopped' | 'running' {
    return this.#state;
  }

  /** What the last round saw. */
  get report(): ConnectionHealth[] {
    return this.#last;
  }

  start(): void {
    if (this.#state === 'running') return;
    this.#state = 'running';
    this.#schedule();
  }

  stop(): void {
    this.#state = 'stopped';
    this.#cancel?.();
    this.#cancel = null;
  }

  /** One round, now. @returns what it saw */
  check(): ConnectionHealth[] {
    const { pool, clock, events, log } = this.deps;
    this.#last = pool.list().map((client) => inspectConnection(client, clock.now()));
    for (const health of this.#last) this.#judge(health);
    const unhealthy = this.#last.filter((each) => !each.healthy).map((each) => each.connectionId);
    const total = this.#last.length;
    const healthy = total - unhealthy.length;
    log.info('health check', { healthy: `${healthy}/${total} healthy` });
    events.emit('healthCheck', { at: new Date(clock.now()).toISOString(), total, healthy, unhealthy });
    return this.#last;
  }

  #schedule(): void {
    this.#cancel = this.deps.clock.after(this.deps.intervalMs, () => {
      this.check();
      if (this.#state === 'running') this.#schedule();
    });
  }

  #judge(health: ConnectionHealth): void {
    const { connectionId } = health;
    const failures = health.healthy ? 0 : (this.#failures.get(connectionId) ?? 0) + 1;
    this.#failures.set(connectionId, failures);
    if (failures === ALERT_AFTER) this.#alert(health);
    const mendable = health.problems.some((problem) => MENDED_BY_A_NEW_SOCKET.has(problem));
    if (failures >= RECYCLE_AFTER && mendable) {
      this.#failures.set(connectionId, 0);
      const reason = health.problems.join(', ');
      this.deps.pool.get(connectionId)?.recycle(reason);
      this.deps.events.emit('watchdogStep', { connectionId, step: 'recycle', reason });
    }
  }

  #alert(health: ConnectionHealth): void {
    const { connectionId, problems } = health;
    this.deps.events.emit('alert', {
      severity: 'warning',
      code: 'CONNECTION_UNHEALTHY',
      message: problems.join(', '),
      connectionId,
    });
  }
}
