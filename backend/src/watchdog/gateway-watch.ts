import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import type { Log } from '../lib/log.js';

export interface GatewayWatchDeps {
  clock: Clock;
  log: Log;
  /** One durable write. */
  journalWritable: () => Promise<void>;
  /** When the oldest entry that is no row yet was journaled, ms since the epoch; null = none waits. */
  oldestPendingAt: () => number | null;
  databaseOnline: () => boolean;
}

/** What is measured about the process as a whole. */
export interface GatewayReadings {
  /** How late the watchdog's own timer was: how long the event loop makes everything wait. */
  eventLoopLagMs: number;
  /** Durable writes that failed in a row. */
  journalFailures: number;
  /** The last durable write took so long; null before the first one. */
  journalMs: number | null;
  /** The oldest journaled entry that is no row yet; null = none. */
  projectionAgeMs: number | null;
  databaseOnline: boolean;
}

const JOURNAL_DEADLINE_MS = 10_000;
/** In a row; a full disk or one slow flush is no reason to go. */
const JOURNAL_FAILURES = 4;
const LAG_MS = 2_000;
const PROJECTION_MS = 5 * 60_000;

interface GatewayProbe {
  name: string;
  /** `exit`: beyond repair from inside. */
  cure: 'exit' | 'wake-projector' | 'alert';
  fails: (readings: GatewayReadings) => boolean;
  /** For people, in Portuguese. */
  says: string;
}

export const GATEWAY_PROBES: readonly GatewayProbe[] = [
  {
    name: 'JOURNAL_DEAD',
    cure: 'exit',
    fails: ({ journalFailures }) => journalFailures >= JOURNAL_FAILURES,
    says: 'O disco local não aceita gravações: nenhuma mensagem pode ser recebida ou enviada.',
  },
  {
    name: 'EVENT_LOOP_LAG',
    cure: 'alert',
    fails: ({ eventLoopLagMs }) => eventLoopLagMs > LAG_MS,
    says: 'O processo está sobrecarregado: tudo espera mais de 2 segundos.',
  },
  {
    name: 'PROJECTION_STALLED',
    cure: 'wake-projector',
    fails: ({ projectionAgeMs, databaseOnline }) => databaseOnline && (projectionAgeMs ?? 0) > PROJECTION_MS,
    says: 'Mensagens esperam há mais de 5 minutos para chegar ao banco de dados, que responde.',
  },
];

/** Measures the process as a whole, once a tick. */
export class GatewayWatch {
  #dueAt: number | null = null;
  #lagMs = 0;
  #failures = 0;
  #journalMs: number | null = null;
  #writing = false;

  constructor(private readonly deps: GatewayWatchDeps) {}

  /** The next tick is due then; the difference to when it comes is the lag. */
  expectAt(dueAt: number): void {
    this.#dueAt = dueAt;
  }

  read(): GatewayReadings {
    const now = this.deps.clock.now();
    if (this.#dueAt !== null) this.#lagMs = Math.max(0, now - this.#dueAt);
    this.#dueAt = null;
    void this.#write();
    const oldest = this.deps.oldestPendingAt();
    return {
      eventLoopLagMs: this.#lagMs,
      journalFailures: this.#failures,
      journalMs: this.#journalMs,
      projectionAgeMs: oldest === null ? null : now - oldest,
      databaseOnline: this.deps.databaseOnline(),
    };
  }

  /** Its result is in the next readings. */
  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    const { clock, log } = this.deps;
    const at = clock.now();
    try {
      await withDeadline(this.deps.journalWritable(), JOURNAL_DEADLINE_MS, 'journal write');
      this.#failures = 0;
      this.#journalMs = clock.now() - at;
    } catch (error) {
      this.#failures += 1;
      log.error('journal not writable', { failures: this.#failures, error });
    } finally {
      this.#writing = false;
    }
  }
}
