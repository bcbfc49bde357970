import type { LogEntry } from '../journal/records.js';
import { crashPoint } from '../lib/crash-points.js';
import { withDeadline } from '../lib/deadline.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import type { Evento } from '../supabase/evento.js';
import { decodeEntry } from './decode-entry.js';
import type { DecodeOptions } from './decode-options.js';
import { worksOf } from '../journal/work-marks.js';
import { DEADLY, EntryBudget, EntryTooCostly, isDeadly } from './entry-budget.js';
import { Gate } from '../lib/gate.js';
import { ProjectionBatch } from './projection-batch.js';
import { messageOf, ProjectionWriter } from './projection-writer.js';
import type { ParkReason, ProjectionRun, ProjectorDeps, ProjectorEvents, ProjectorState } from './projection.js';
import { withNumbers } from './show-numbers.js';
import { UndecodableEntry } from './stanza-addresses.js';
import { WritePace } from './write-pace.js';

/** The journal's hint may be missed; the log itself is looked at this often. */
const IDLE_POLL_MS = 5000;
const JOURNAL_RETRY_MS = 1000;
/** With the HTTP server (2 s) and the sender (4 s) below the 10 s that a stop may take. */
const STOP_DEADLINE_MS = 3000;
/** Entries decoded before the event loop gets its turn. */
const DECODE_SLICE = 64;

/**
 * Turns the journal's log into rows, in order, for as long as it takes.
 *
 * - `idle`: the log is worked off; the next entry is written at once.
 * - `running`: a batch is on its way. What is appended meanwhile forms the next one, decoded while the first is written.
 *   Facts about our own sends gather for a moment more (`WritePace`).
 * - `backing-off`: the database cannot be reached; the same batch is tried again, for days if need be, nothing overtakes it.
 * - `paused`: the database refuses the gateway (key, grants, migration); alerted, probed every minute. No entry is parked
 *   for a fault that is not its own.
 * - `stopping`: the write under way is awaited for at most 3 s; what it did not complete is written again at the next start
 *   under the same ids.
 *
 * An entry leaves the log only by being complete in the database or by lying with the dead letters.
 */
export class Projector {
  readonly events: TypedEmitter<ProjectorEvents>;
  #state: ProjectorState = 'idle';
  #current: { run: ProjectionRun; abort: AbortController; done: Promise<void> } | null = null;
  #stopping: Promise<void> | null = null;
  readonly #appended: Gate;
  readonly #pace: WritePace;
  readonly #writer: ProjectionWriter;

  constructor(private readonly deps: ProjectorDeps) {
    this.events = new TypedEmitter(deps.log);
    this.#appended = new Gate(deps.clock);
    this.#pace = new WritePace(deps.clock);
    const setState = (to: ProjectorState, reason?: string) => this.#setState(to, reason);
    this.#writer = new ProjectionWriter({ ...deps, events: this.events, setState });
  }

  get state(): ProjectorState {
    return this.#state;
  }

  /** Begins, or goes on. While it is stopping it starts again after that. */
  async start(): Promise<void> {
    await this.#stopping;
    if (this.#current !== null) return;
    const abort = new AbortController();
    const run: ProjectionRun = { signal: abort.signal, abandoned: false };
    const unsubscribe = this.deps.journal.onAppended((kinds) => {
      this.#appended.open();
      this.#pace.appended(kinds);
    });
    this.#current = { run, abort, done: this.#loop(run).finally(unsubscribe) };
  }

  /** Tries again at once instead of waiting out a backoff or pause: the database was seen alive. */
  wake(): void {
    this.#writer.wake();
  }

  /** Ends after the write under way, at the latest after 3 s. Everybody who asks meanwhile gets the same promise. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop().finally(() => (this.#stopping = null)));
  }

  async #stop(): Promise<void> {
    const current = this.#current;
    if (current === null) return;
    this.#setState('stopping');
    current.abort.abort();
    try {
      await withDeadline(current.done, STOP_DEADLINE_MS, 'the write under way');
    } catch (error) {
      current.run.abandoned = true;
      this.deps.log.warn('projector stopped before its write ended', { error });
    }
    this.#current = null;
    this.#setState('idle');
  }

  async #loop(run: ProjectionRun): Promise<void> {
    let next = new ProjectionBatch(null);
    while (!run.signal.aborted) {
      try {
        next = await this.#step(next, run);
      } catch (error) {
        // The journal itself failed. What was not completed is claimed again.
        this.deps.log.error('projector could not use the journal', { error });
        next = new ProjectionBatch(null);
        await this.#appended.pass(JOURNAL_RETRY_MS, run.signal);
      }
    }
    await this.#writer.settled();
  }

  /** Writes a batch, or waits for something to write. @returns the batch to go on with */
  async #step(batch: ProjectionBatch, run: ProjectionRun): Promise<ProjectionBatch> {
    this.#pace.reset();
    await this.#fill(batch, run);
    if (batch.items.length > 0) {
      if (await this.#pace.wait(batch, run.signal)) await this.#fill(batch, run);
      crashPoint('after:claim');
      return this.#writeWhileFilling(batch, run);
    }
    await this.#writer.settled();
    // The end of the log: look once more from its oldest entry, where a retried dead letter may lie, then rest.
    if (batch.lastSeq === null && !run.signal.aborted) {
      this.#setState('idle');
      await this.#appended.pass(IDLE_POLL_MS, run.signal);
    }
    return new ProjectionBatch(null);
  }

  async #writeWhileFilling(batch: ProjectionBatch, run: ProjectionRun): Promise<ProjectionBatch> {
    this.#setState('running');
    this.#pace.begin();
    const next = new ProjectionBatch(batch.lastSeq);
    const filling = this.#fill(next, run);
    // Awaited below in any case; a failure must not count as unhandled while the write takes its time.
    filling.catch(() => undefined);
    try {
      await this.#writer.write(batch.items, run);
    } finally {
      await filling;
    }
    return next;
  }

  /** Claims and decodes what fits into the batch. What cannot be decoded goes to the dead letters. */
  async #fill(batch: ProjectionBatch, run: ProjectionRun): Promise<void> {
    while (batch.room > 0 && !run.signal.aborted) {
      const limit = Math.min(batch.room, DECODE_SLICE);
      const entries = this.deps.journal.claimEntries(limit, batch.lastSeq ?? undefined);
      const optionsOf = onceEach((id) => this.deps.optionsFor(id));
      const budget = new EntryBudget();
      for (const entry of entries) {
        const eventos = await this.#decode(entry, optionsOf(entry.connectionId), budget, run);
        if (eventos === null) batch.skip(entry);
        else if (!batch.add({ entry, eventos }) || batch.room === 0) return;
      }
      if (entries.length < limit) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** null: parked. */
  async #decode(
    entry: LogEntry,
    options: DecodeOptions,
    budget: EntryBudget,
    run: ProjectionRun,
  ): Promise<Evento[] | null> {
    const { work } = this.deps.journal;
    const { reading, following } = worksOf(entry.seq);
    if (isDeadly(work, reading) || isDeadly(work, following)) return this.#park(entry, DEADLY, run);
    try {
      return await this.#read(entry, options, budget, work.begin(reading));
    } catch (error) {
      return this.#park(entry, { code: codeOf(error), message: messageOf(error) }, run);
    }
  }

  async #read(entry: LogEntry, options: DecodeOptions, budget: EntryBudget, ended: () => void): Promise<Evento[]> {
    try {
      budget.begin();
      const decoded = await decodeEntry(entry, options);
      const eventos = decoded.filter((evento) => this.#isNews(evento)).map((evento) => this.#shown(evento));
      budget.end();
      return eventos;
    } finally {
      ended();
    }
  }

  async #park(entry: LogEntry, reason: ParkReason, run: ProjectionRun): Promise<null> {
    await this.#writer.park(entry, reason, run);
    return null;
  }

  #isNews(evento: Evento): boolean {
    return evento.op !== 'status' || this.deps.isRowless?.(evento.sessao, evento.whatsapp_id) !== true;
  }

  #shown(evento: Evento): Evento {
    const { numbersOf } = this.deps;
    if (!numbersOf) return evento;
    const chat = 'chat' in evento ? evento.chat : 'alvo' in evento ? evento.alvo.chat : null;
    return withNumbers(evento, numbersOf(evento.sessao, chat?.jid ?? null));
  }

  #setState(to: ProjectorState, reason: string | null = null): void {
    const from = this.#state;
    // Once stopping, only its end changes the state.
    if (from === to || (from === 'stopping' && to !== 'idle')) return;
    this.#state = to;
    // The database link has said it, once and with the remedy.
    if (reason !== null) this.deps.log.debug('projection interrupted', { state: to, reason });
    this.events.emit('stateChanged', { from, to, reason });
  }
}

function codeOf(error: unknown): string {
  if (error instanceof EntryTooCostly) return error.code;
  return error instanceof UndecodableEntry ? 'UNDECODABLE' : 'DECODE_FAILED';
}

/** Asks for each key once: a connection's options are a record of the journal, and a slice has few connections. */
function onceEach<T>(ask: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const value = known.has(key) ? known.get(key)! : ask(key);
    known.set(key, value);
    return value;
  };
}
