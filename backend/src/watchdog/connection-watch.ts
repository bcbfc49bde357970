import { isGatewayError } from '../lib/errors.js';
import type { WatchedClient } from './watched.js';
import { HealthMonitor, type HealthRules } from './health-monitor.js';
import { Climb } from './ladder.js';
import { failing, type Probe, type Readings } from './probes.js';
import { TrafficHabit } from './traffic-habit.js';

/** What the watchdog remembers about one connection between two looks. It outlives clients that are recreated. */
export class ConnectionWatch {
  readonly monitor: HealthMonitor;
  readonly climb: Climb;
  readonly #habit = new TrafficHabit();
  #ping: Readings['ping'] = null;
  #pinging = false;
  #acksOverdue = 0;
  #told = new Set<string>();

  constructor(
    readonly connectionId: string,
    rules: HealthRules,
  ) {
    this.monitor = new HealthMonitor(rules);
    this.climb = new Climb(rules.autoReconnect);
  }

  /** A send went without an ack although the socket seems open. */
  ackOverdue(): void {
    this.#acksOverdue += 1;
  }

  /** Something was acknowledged, or a new socket is there: what was held against the old one counts no more. */
  forgive(): void {
    this.#acksOverdue = 0;
    this.#ping = null;
  }

  acknowledged(): void {
    this.#acksOverdue = 0;
  }

  /** Reads every probe that costs nothing. */
  read(client: WatchedClient, outboxSince: number | null, now: number): Readings {
    const { lastFrameAt, oldestUnfinishedAt, reconnectTries } = client.probes;
    const { wanted, lastActivityAt, connectedAt } = client.record;
    this.#habit.observe(lastActivityAt, now);
    const age = (at: number | null) => (at === null ? null : now - at);
    return {
      estado: client.estado,
      wanted: wanted === 'connected',
      connectedAt,
      frameAgeMs: age(lastFrameAt),
      unfinishedMs: age(oldestUnfinishedAt),
      ping: this.#ping,
      acksOverdue: this.#acksOverdue,
      outboxAgeMs: age(outboxSince),
      unusualSilenceMs: this.#habit.unusualMs(now),
      reconnectTries,
    };
  }

  /** Asks WhatsApp an empty question, one at a time. Never rejects; the answer is in the next readings. */
  async ping(client: WatchedClient, clock: { now(): number }): Promise<void> {
    const { calls } = client;
    if (this.#pinging || client.estado !== 'ready' || calls === null) return;
    this.#pinging = true;
    const at = clock.now();
    const done = (ok: boolean) => (this.#ping = { at, ok, ms: clock.now() - at });
    try {
      await calls.ping();
      done(true);
    } catch (error) {
      // A socket that closed meanwhile is the disconnect table's business.
      if (client.estado === 'ready' && isGatewayError(error, 'DEADLINE_EXCEEDED')) done(false);
    } finally {
      this.#pinging = false;
    }
  }

  /** Of these failing probes, those that people have not been told of since they were last well. */
  news(readings: Readings): Probe[] {
    const alerts = failing(readings).filter(({ cure }) => cure === 'alert');
    const fresh = alerts.filter(({ name }) => !this.#told.has(name));
    this.#told = new Set(alerts.map(({ name }) => name));
    return fresh;
  }
}
