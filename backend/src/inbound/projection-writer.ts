import type { HistoryJob, LogEntry, MediaJob } from '../journal/records.js';
import type { NewEvent } from '../journal/webhooks/records.js';
import { worksOf } from '../journal/work-marks.js';
import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import { crashPoint } from '../lib/crash-points.js';
import { withDeadline } from '../lib/deadline.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { Evento, ResultadoEvento } from '../supabase/evento.js';
import { Gate } from '../lib/gate.js';
import { historyJob, isPeer } from './history-jobs.js';
import { mediaJobs } from './media-jobs.js';
import { MAX_EVENTS_PER_CALL, type DecodedEntry } from './projection-batch.js';
import type { ParkReason, ProjectionRun, ProjectorDeps, ProjectorEvents, ProjectorState } from './projection.js';

type FailureClass = 'retry' | 'pause' | 'dead' | 'duplicate';

const BACKOFF: BackoffPolicy = { baseMs: 1000, capMs: 30_000 };
/** While the database refuses us, it is asked this often whether it has changed its mind. */
const PROBE_MS = 60_000;
const CALL_DEADLINE_MS = 60_000;

interface WriterDeps extends ProjectorDeps {
  events: TypedEmitter<ProjectorEvents>;
  setState(to: ProjectorState, reason?: string): void;
}

/** Writes decoded entries until the database has them, each failure by its class; the projector says when. */
export class ProjectionWriter {
  readonly #retryNow: Gate;
  #alerted = false;
  #completing: Promise<void> = Promise.resolve();

  constructor(private readonly deps: WriterDeps) {
    this.#retryNow = new Gate(deps.clock);
  }

  /** Ends a wait before its time. */
  wake(): void {
    this.#retryNow.open();
  }

  /** Resolves when what was written has left the log, durably. Rejects when the journal fails, once. */
  async settled(): Promise<void> {
    const completing = this.#completing;
    this.#completing = Promise.resolve();
    await completing;
  }

  /**
   * Resolves when each entry is a row or parked, or the run ends. The rows' entries leave the log while the next batch is
   * written (`settled`). Rejects only when the journal fails.
   */
  async write(items: DecodedEntry[], run: ProjectionRun): Promise<void> {
    for (let attempt = 0; !run.signal.aborted; attempt++) {
      try {
        const results = await this.#register(items.flatMap(({ eventos }) => eventos));
        return await this.#complete(items, results, run);
      } catch (error) {
        if (error instanceof JournalFailure) throw error.cause;
        const failure = failureClass(error);
        // Only of one entry can it be said that all of it is there.
        if (failure === 'duplicate' && items.length === 1) return this.#complete(items, [], run);
        if (failure === 'dead' || failure === 'duplicate') return this.#bisect(items, error, run);
        await this.#waitOut(failure, attempt, error, run);
      }
    }
  }

  /** Takes an entry that no retry can help out of the log. */
  async park(entry: LogEntry, reason: ParkReason, run: ProjectionRun): Promise<void> {
    if (run.abandoned) return;
    const { seq, connectionId, kind } = entry;
    this.deps.log.error('entry parked with the dead letters', { seq, connectionId, kind, code: reason.code });
    await this.deps.journal.parkEntry(seq, reason);
    this.deps.events.emit('parked', { seq, connectionId, reason });
  }

  async #register(eventos: Evento[]): Promise<ResultadoEvento[]> {
    const results: ResultadoEvento[] = [];
    for (let start = 0; start < eventos.length; start += MAX_EVENTS_PER_CALL) {
      const lote = eventos.slice(start, start + MAX_EVENTS_PER_CALL);
      const call = this.deps.database.registrarEventos(lote);
      const answer = await withDeadline(call, CALL_DEADLINE_MS, 'registrar_eventos');
      // Fewer rows than items: an answer of something else than our function. Never acknowledge that.
      if (answer.length !== lote.length) throw new Error(`expected ${lote.length} results, got ${answer.length}`);
      results.push(...answer);
    }
    return results;
  }

  /** Tells the listeners, then lets the entries go. A crash before they are gone writes them again, under the same ids. */
  async #complete(items: DecodedEntry[], results: ResultadoEvento[], run: ProjectionRun): Promise<void> {
    if (run.abandoned) return;
    this.deps.setState('running');
    this.#alerted = false;
    this.#retryNow.close();
    let offset = 0;
    const news: NewEvent[] = [];
    const media: MediaJob[] = [];
    const history: HistoryJob[] = [];
    for (const { entry, eventos } of items) {
      const resultados = results.slice(offset, offset + eventos.length);
      offset += eventos.length;
      const ended = this.deps.journal.work.begin(worksOf(entry.seq).following);
      try {
        if (isPeer(entry)) history.push(...(await this.#historyOf(entry)));
        // A call is told, whether or not it becomes a row.
        if (eventos.length === 0 && entry.kind !== 'call') continue;
        this.deps.events.emit('projected', { entry, eventos, resultados });
        news.push(...(this.deps.announce?.({ entry, eventos, resultados }) ?? []));
        media.push(...mediaJobs(entry, eventos, resultados, this.deps.clock.now()));
      } finally {
        ended();
      }
    }
    // One batch behind at most.
    await this.settled().catch(journalFailed);
    crashPoint('before:complete');
    this.#completing = this.deps.journal.completeEntries(
      items.map(({ entry }) => entry.seq),
      { events: news, media, history },
    );
    // Awaited by whoever comes next; until then a failure must not count as unhandled.
    this.#completing.catch(() => undefined);
  }

  async #historyOf(entry: LogEntry): Promise<HistoryJob[]> {
    const job = await historyJob(entry, this.deps.optionsFor(entry.connectionId).sincronizarHistorico);
    return job ? [job] : [];
  }

  /** Halves a refused batch until the bad entry stands alone; all others are written, in order. */
  async #bisect(items: DecodedEntry[], error: unknown, run: ProjectionRun): Promise<void> {
    const [only] = items;
    if (items.length === 1 && only) {
      return this.park(only.entry, { code: codeOf(error), message: messageOf(error) }, run);
    }
    const middle = items.length >> 1;
    await this.write(items.slice(0, middle), run);
    await this.write(items.slice(middle), run);
  }

  async #waitOut(failure: 'retry' | 'pause', attempt: number, error: unknown, run: ProjectionRun): Promise<void> {
    const reason = messageOf(error);
    if (failure === 'retry') {
      this.deps.setState('backing-off', reason);
      return this.#retryNow.pass(backoffMs(BACKOFF, attempt, this.deps.random), run.signal);
    }
    this.deps.setState('paused', reason);
    if (!this.#alerted) this.deps.events.emit('alert', { code: 'DATABASE_REFUSED', message: reason });
    this.#alerted = true;
    return this.#retryNow.pass(PROBE_MS, run.signal);
  }
}

/** Keeps a failure of the journal apart from those of the database. */
class JournalFailure extends Error {}

function journalFailed(cause: unknown): never {
  throw new JournalFailure('the journal failed', { cause });
}

function failureClass(error: unknown): FailureClass {
  const { retryClass } = (error ?? {}) as { retryClass?: unknown };
  return retryClass === 'pause' || retryClass === 'dead' || retryClass === 'duplicate' ? retryClass : 'retry';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The database's own code says more than our class of failure does; the local API does not always pass it on. */
const DATABASE_CODE = /^([0-9A-Z]{5}|PGRST\d+)$/;

function codeOf(error: unknown): string {
  const { sqlstate, code } = (error ?? {}) as { sqlstate?: unknown; code?: unknown };
  if (typeof sqlstate === 'string' && DATABASE_CODE.test(sqlstate)) return sqlstate;
  return typeof code === 'string' && code !== '' ? code : 'DATABASE_REJECTED';
}
