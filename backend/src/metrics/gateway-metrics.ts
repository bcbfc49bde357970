import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { SendFigures } from '../outbound/sender.js';
import type { DatabaseState } from '../supabase/database-link.js';
import { ESTADO_TABLE } from '../whatsapp/estado.js';
import { countEvents, type CountedParts } from './count-events.js';
import { MetricSet } from './metric-set.js';
import { ProcessFigures } from './process-figures.js';

export interface GatewayMetricsDeps extends CountedParts {
  journal: Pick<Journal, 'stats' | 'listUnfinishedOutbox'>;
  /** Connections by estado. */
  connections: () => Record<string, number>;
  maxConnections: number;
  /** Circuit breakers of the servers that connections live on. */
  circuits: () => { circuit: string }[];
  sends: () => SendFigures[];
  /** Reported orphans by kind. */
  orphans: () => Record<string, number>;
  /** Copies that the gateway makes of itself. */
  copies: () => { kind: string; lastAt: number | null; error: string | null }[];
  databaseState: () => DatabaseState;
  ready: () => Promise<boolean>;
  /** METRICS_ACCESS. */
  access: 'local' | 'key' | 'public';
  version: string;
  clock: Clock;
}

/** The figures of `/metrics`: counters follow the parts' events, gauges are read when somebody scrapes. */
export class GatewayMetrics {
  readonly #set = new MetricSet();
  readonly #process = new ProcessFigures();
  #messagesCounted = 0;
  #stopCounting: (() => void) | null = null;

  constructor(private readonly deps: GatewayMetricsDeps) {
    this.#set.set('sentinela_build_info', 1, { version: deps.version, node: process.version });
    this.#set.set('sentinela_start_time_seconds', deps.clock.now() / 1000);
    this.#set.set('sentinela_connections_limit', deps.maxConnections);
  }

  get access(): 'local' | 'key' | 'public' {
    return this.deps.access;
  }

  get contentType(): string {
    return this.#set.contentType;
  }

  start(): void {
    this.#process.start();
    this.#stopCounting ??= countEvents(this.#set, this.deps);
  }

  stop(): void {
    this.#process.stop();
    this.#stopCounting?.();
    this.#stopCounting = null;
  }

  /** Prometheus' text format (version 0.0.4). @throws GatewayError `JOURNAL_FAILED` once the journal is closed */
  async render(): Promise<string> {
    const { deps } = this;
    this.#readJournal();
    this.#readConnections();
    this.#readSockets();
    for (const { kind, lastAt, error } of deps.copies()) {
      this.#set.set('sentinela_copy_last_success_seconds', (lastAt ?? 0) / 1000, { kind });
      this.#set.set('sentinela_copy_failing', error === null ? 0 : 1, { kind });
    }
    this.#process.read(this.#set);
    this.#set.set('sentinela_supabase_up', deps.databaseState() === 'online' ? 1 : 0);
    this.#set.set('sentinela_ready', (await deps.ready()) ? 1 : 0);
    return this.#set.render();
  }

  #readJournal(): void {
    const { journal, clock } = this.deps;
    const stats = journal.stats();
    const ageS = (at: number | null | undefined) => (at == null ? 0 : Math.max(0, clock.now() - at) / 1000);
    const [oldestSend] = journal.listUnfinishedOutbox();
    this.#set.set('sentinela_journal_pending_entries', stats.pendingEntries);
    this.#set.set('sentinela_journal_oldest_pending_age_seconds', ageS(stats.oldestPendingAt));
    this.#set.set('sentinela_journal_dead_letters', stats.deadLetters);
    this.#set.set('sentinela_journal_bytes', stats.liveBytes);
    this.#set.set('sentinela_journal_max_bytes', stats.maxBytes);
    this.#set.set('sentinela_journal_flushes', stats.flushes);
    this.#set.set('sentinela_media_waiting', stats.mediaWaiting);
    this.#set.set('sentinela_outbox_unfinished', stats.outboxUnfinished);
    this.#set.set('sentinela_outbox_oldest_age_seconds', ageS(oldestSend?.acceptedAt));
  }

  #readSockets(): void {
    const { clients, messages } = this.deps.realtime.figures;
    this.#set.set('sentinela_websocket_clients', clients);
    this.#set.count('sentinela_websocket_messages_total', {}, messages - this.#messagesCounted);
    this.#messagesCounted = messages;
  }

  #readConnections(): void {
    const { connections, sends, orphans } = this.deps;
    const byEstado = connections();
    for (const estado of Object.keys(ESTADO_TABLE)) {
      this.#set.set('sentinela_connections', byEstado[estado] ?? 0, { estado });
    }
    const circuits = this.deps.circuits();
    for (const state of ['closed', 'open', 'half-open']) {
      const count = circuits.filter(({ circuit }) => circuit === state).length;
      this.#set.set('sentinela_evolution_servers', count, { circuit: state });
    }
    const lanes = sends();
    const underWay = lanes.reduce((sum, lane) => sum + lane.underWay, 0);
    this.#set.set('sentinela_sends_under_way', underWay);
    this.#set.set('sentinela_connections_throttled', lanes.filter((lane) => lane.throttledMs > 0).length);
    for (const [kind, count] of Object.entries(orphans())) this.#set.set('sentinela_orphans', count, { kind });
  }
}
