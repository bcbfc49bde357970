import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../../../src/lib/errors.js';
import { silentLog } from '../../../src/lib/log.js';
import { TypedEmitter } from '../../../src/lib/typed-emitter.js';
import type { GatewayEvents } from '../../../src/notifications/gateway-events.js';
import { LastResort } from '../../../src/watchdog/last-resort.js';
import type { WatchedClient, WatchedPool } from '../../../src/watchdog/watched.js';
import { WhatsAppWatchdogService, type WhatsAppWatchdogDeps } from '../../../src/watchdog/whatsapp-watchdog-service.js';
import type { ClientEvents } from '../../../src/whatsapp/client-events.js';
import { newRecord } from '../../../src/integration/new-connection.js';
import { ManualClock } from '../inbound/manual-clock.js';

/** Readings of a connection that a test sets, and what was done to it. */
export class WatchedScript implements WatchedClient {
  estado: WatchedClient['estado'] = 'ready';
  lastFrameAt: number;
  oldestUnfinishedAt: number | null = null;
  answersPings = true;
  lastActivityAt: number | null = null;
  readonly done: string[] = [];

  constructor(
    readonly connectionId: string,
    private readonly clock: ManualClock,
  ) {
    this.lastFrameAt = clock.now();
  }

  get record() {
    const record = newRecord({ connectionId: this.connectionId }, 'owner', 'row', 0);
    return { ...record, lastActivityAt: this.lastActivityAt };
  }
  get probes() {
    const { lastFrameAt, oldestUnfinishedAt } = this;
    return { lastFrameAt, oldestUnfinishedAt, reconnectTries: 0 };
  }
  readonly calls = {
    ping: async () => {
      if (!this.answersPings) throw new GatewayError('DEADLINE_EXCEEDED');
      this.lastFrameAt = this.clock.now();
    },
  };
  flush = () => void this.done.push('flush');
  recycle = () => void this.done.push('reconnect');
  wake = () => {
    this.done.push('wake');
    return this.estado === 'reconnecting';
  };
}

/** The watchdog over scripted connections, on a clock that a test moves. */
export function aWatchdog(ids: string[], changes: Partial<WhatsAppWatchdogDeps> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'sentinela-watchdog-'));
  const clock = new ManualClock();
  const clients = ids.map((id) => new WatchedScript(id, clock));
  const clientOf = (id: string) => clients.find(({ connectionId }) => connectionId === id);
  const events = new TypedEmitter<GatewayEvents>(silentLog);
  const alerts: string[] = [];
  events.on('alert', ({ code }) => alerts.push(code));
  const exits: string[] = [];
  const file = join(dir, 'exit.json');
  const lastResort = (supervised = true) =>
    new LastResort({ file, clock, log: silentLog, supervised, exit: (reason) => exits.push(reason) });
  const pool: WatchedPool = {
    list: () => clients,
    get: clientOf,
    recreate: async (id) => void clientOf(id)?.done.push('recreate'),
    events: new TypedEmitter<ClientEvents>(silentLog),
  };
  const watchdog = new WhatsAppWatchdogService({
    ...{ pool, clock, log: silentLog, events, checkIntervalMs: 60_000, supervised: true },
    health: { alertThreshold: 2, maxConsecutiveFailures: 3, autoReconnect: true },
    ...{ lastResort: lastResort(), outboxSince: () => null, wakeProjector: () => undefined },
    ...{ journalWritable: async () => undefined, oldestPendingAt: () => null, databaseOnline: () => true },
    ...changes,
  });
  /** Time passes in steps, as for a process that runs; promises settle in between. */
  const run = async (ms: number, each: () => void = () => undefined, stepMs = 5_000) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(stepMs);
      each();
      await Promise.resolve().then(() => undefined);
    }
  };
  const close = () => {
    watchdog.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return { watchdog, clock, clients, alerts, exits, lastResort, events, run, close };
}
