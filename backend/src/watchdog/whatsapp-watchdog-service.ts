import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { WatchedPool } from './watched.js';
import { illnesses } from './connection-health.js';
import { ConnectionWatch } from './connection-watch.js';
import { GatewayJudge } from './gateway-judge.js';
import type { GatewayWatchDeps } from './gateway-watch.js';
import type { HealthNews, HealthRules } from './health-monitor.js';
import type { HealthStatus } from './judge-health.js';
import type { LastResort } from './last-resort.js';
import type { Rung } from './ladder.js';
import { failing, type Readings } from './probes.js';
import { rungActions } from './rungs.js';
import { WatchdogNews } from './watchdog-news.js';
import { presentWatch, type WatchdogReport } from './watchdog-report.js';

export interface WhatsAppWatchdogDeps extends GatewayWatchDeps {
  pool: WatchedPool;
  clock: Clock;
  log: Log;
  events: TypedEmitter<GatewayEvents>;
  /** How often the health of each connection is judged, and WhatsApp asked for a sign of life. */
  checkIntervalMs: number;
  health: HealthRules;
  lastResort: LastResort;
  supervised: boolean;
  /** When the oldest send without an outcome was accepted, ms since the epoch; null = none. */
  outboxSince: (connectionId: string) => number | null;
  wakeProjector: () => void;
}

/** How often the probes that cost nothing are read: a wedge (60 s) is noticed within 75 s. */
const TICK_MS = 15_000;

/** What a person reads when the ladder has come to its end. */
const LADDER_ALERT = 'A conexão não se recupera sozinha: verifique o WhatsApp no celular e reconecte.';

/**
 * Watches every connection and mends what does not mend itself.
 *
 * ## States
 * - **stopped**: nothing is looked at.
 * - **running**: every 15 s the probes are read; a zombie (open, logged in and not working) climbs the ladder, each rung
 *   once in half an hour, each step recorded with its reasons. Every `checkIntervalMs` the health monitor judges: the
 *   second failure in a row is told, the third tries again at once. A quiet account is no zombie and is left alone.
 *   Nothing here logs out or deletes credentials.
 */
export class WhatsAppWatchdogService {
  #state: 'stopped' | 'running' = 'stopped';
  #cancel: (() => void) | null = null;
  #checkedAt = -Infinity;
  readonly #watches = new Map<string, ConnectionWatch>();
  readonly #news: WatchdogNews;
  readonly #gateway: GatewayJudge;
  readonly #rungs: ReturnType<typeof rungActions>;
  #undo: (() => void)[] = [];

  constructor(private readonly deps: WhatsAppWatchdogDeps) {
    this.#news = new WatchdogNews(deps);
    this.#gateway = new GatewayJudge({ ...deps, news: this.#news });
    this.#rungs = rungActions({
      pool: deps.pool,
      alert: (id, reasons) =>
        this.#news.alert('critical', 'CONNECTION_STUCK', `${LADDER_ALERT} (${reasons.join(', ')})`, id),
      considerExit: (reasons) => this.#considerExit(reasons),
    });
  }

  get state(): 'stopped' | 'running' {
    return this.#state;
  }

  /** How often each step was taken since the start: rungs of the ladder, alerts, reconnects. */
  get stepCounts(): Record<string, number> {
    return this.#news.steps.counts;
  }

  /** What is measured now, what was done, and why. */
  report(): WatchdogReport {
    const { clock, checkIntervalMs, health, supervised } = this.deps;
    const now = clock.now();
    return {
      state: this.#state,
      settings: { checkIntervalMs, ...health },
      supervised,
      gateway: this.#gateway.report(),
      stepCounts: this.stepCounts,
      connections: this.#look().map(({ watch, readings }) =>
        presentWatch(watch, readings, this.#news.steps.of(watch.connectionId), now),
      ),
    };
  }

  start(): void {
    if (this.#state === 'running') return;
    this.#state = 'running';
    const { pool, clock } = this.deps;
    this.#checkedAt = clock.now();
    this.#undo = [
      pool.events.on('ack', ({ connectionId }) => this.#watches.get(connectionId)?.acknowledged()),
      pool.events.on('closed', ({ connectionId }) => this.#watches.get(connectionId)?.forgive()),
    ];
    this.#schedule();
  }

  stop(): void {
    this.#state = 'stopped';
    this.#cancel?.();
    this.#cancel = null;
    for (const off of this.#undo.splice(0)) off();
  }

  /** The sender's word that a message was not acknowledged in time although the socket seems open. */
  ackOverdue(connectionId: string): void {
    const client = this.deps.pool.get(connectionId);
    if (!client?.calls) return;
    const watch = this.#watch(connectionId);
    watch.ackOverdue();
    void watch.ping(client, this.deps.clock);
  }

  /** One look at everything, now. */
  tick(): void {
    const now = this.deps.clock.now();
    const looks = this.#look();
    this.#gateway.judge();
    for (const { watch, readings } of looks) this.#climb(watch, readings, now);
    // A clock that was set back must not stop the checks until it has caught up.
    if (Math.abs(now - this.#checkedAt) < this.deps.checkIntervalMs) return;
    this.#checkedAt = now;
    this.#check(looks, now);
  }

  /** A health check now, whenever the last one was. */
  checkNow(): void {
    this.#checkedAt = -Infinity;
    this.tick();
  }

  #schedule(): void {
    const { clock, checkIntervalMs } = this.deps;
    const everyMs = Math.min(TICK_MS, checkIntervalMs);
    this.#gateway.expectAt(clock.now() + everyMs);
    this.#cancel = clock.after(everyMs, () => {
      try {
        this.tick();
      } catch (error) {
        // A timer has no caller to tell, and the watchdog must not die of what it watches.
        this.deps.log.error('watchdog tick failed', { error });
      }
      if (this.#state === 'running') this.#schedule();
    });
  }

  #look(): { watch: ConnectionWatch; readings: Readings }[] {
    const { pool, clock, outboxSince } = this.deps;
    const clients = pool.list();
    this.#forgetGone(new Set(clients.map(({ connectionId }) => connectionId)));
    return clients.map((client) => {
      const watch = this.#watch(client.connectionId);
      return { watch, readings: watch.read(client, outboxSince(client.connectionId), clock.now()) };
    });
  }

  #climb(watch: ConnectionWatch, readings: Readings, now: number): void {
    const { connectionId } = watch;
    const sick = failing(readings).filter(({ cure }) => cure === 'ladder');
    const rung = watch.climb.look(sick.length > 0, now);
    if (rung)
      this.#take(
        rung,
        connectionId,
        sick.map(({ name }) => name),
      );
    for (const { name } of watch.news(readings)) {
      this.#news.record(connectionId, 'told', [name]);
      this.#news.alert('warning', name, `Algo incomum nesta conexão: ${name}.`, connectionId);
    }
  }

  #take(rung: Rung, connectionId: string, reasons: string[]): void {
    this.#news.record(connectionId, rung, reasons);
    const done = this.#rungs[rung](connectionId, reasons);
    if (done instanceof Promise) {
      done.catch((error: unknown) => this.deps.log.error('watchdog step failed', { connectionId, rung, error }));
    }
  }

  #check(looks: { watch: ConnectionWatch; readings: Readings }[], now: number): void {
    const { pool, events, log, clock } = this.deps;
    const unhealthy: string[] = [];
    const counts: Partial<Record<HealthStatus, number>> = {};
    for (const { watch, readings } of looks) {
      const problems = illnesses(readings);
      const news = watch.monitor.check(readings.estado, problems, now);
      const { status } = watch.monitor.health!;
      counts[status] = (counts[status] ?? 0) + 1;
      if (status !== 'healthy') unhealthy.push(watch.connectionId);
      this.#tellHealth(news, watch.connectionId, problems);
      const client = pool.get(watch.connectionId);
      if (client) void watch.ping(client, clock);
    }
    const total = looks.length;
    const healthy = total - unhealthy.length;
    log.info('health check', { ...counts, healthy: `${healthy}/${total} healthy` });
    events.emit('healthCheck', { at: new Date(now).toISOString(), total, healthy, unhealthy });
  }

  #tellHealth(news: HealthNews, connectionId: string, problems: string[]): void {
    if (news === null) return;
    const consecutiveFailures = this.#watches.get(connectionId)?.monitor.health?.consecutiveFailures ?? 0;
    this.deps.events.emit('connectionHealth', { connectionId, news, consecutiveFailures, problems });
    // Only a wait for the network is cut short: bans, conflicts and rate limits have their own time.
    const woken = news === 'reconnect' && (this.deps.pool.get(connectionId)?.wake() ?? false);
    const step = news !== 'reconnect' ? `health-${news}` : woken ? 'reconnect-now' : 'wait';
    this.#news.health(connectionId, news, step, problems);
  }

  /** One connection beyond repair is an alert; half of them mean that the process itself is ill. */
  #considerExit(reasons: string[]): void {
    const ready = this.deps.pool.list().filter(({ estado }) => estado === 'ready');
    const stuck = ready.filter(({ connectionId }) => this.#watches.get(connectionId)?.climb.rung === 'exit');
    if (stuck.length < 2 || stuck.length * 2 < ready.length) return;
    this.deps.lastResort.leave(`${stuck.length} of ${ready.length} connections: ${reasons.join(', ')}`);
  }

  #watch(connectionId: string): ConnectionWatch {
    const known = this.#watches.get(connectionId);
    if (known) return known;
    const watch = new ConnectionWatch(connectionId, this.deps.health);
    this.#watches.set(connectionId, watch);
    return watch;
  }

  #forgetGone(present: ReadonlySet<string>): void {
    for (const id of this.#watches.keys()) {
      if (present.has(id)) continue;
      this.#watches.delete(id);
      this.#news.steps.forget(id);
    }
  }
}
