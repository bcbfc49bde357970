import { rm, stat } from 'node:fs/promises';
import type { Journal } from '../journal/journal.js';
import type { MediaJob, MediaSource } from '../journal/records.js';
import { backoffMs } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import { judgeMediaFailure } from './failure-table.js';
import { MediaLedger, type MediaEvents } from './media-ledger.js';
import { mediaPath } from './media-path.js';
import type { MediaStore } from './media-store.js';
import { sniff } from './sniff.js';
import type { StagedFiles } from './staged-files.js';

type FromWhatsApp = Extract<MediaSource, { kind: 'whatsapp' }>;

export interface MediaQueueDeps {
  journal: Pick<
    Journal,
    'commit' | 'getConnection' | 'listDueMedia' | 'nextMediaDueAt' | 'onMediaQueued' | 'getOutbox' | 'getMediaJob'
  >;
  store: MediaStore;
  /** Where files are while they are fetched. */
  incoming: StagedFiles;
  /** Where files are that were accepted for sending. */
  outgoing: StagedFiles;
  /** Downloads into a local file, by the connection's way, and verifies what WhatsApp has encrypted. */
  fetch: (
    connectionId: string,
    source: Exclude<MediaSource, { kind: 'staged' }>,
    target: string,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Asks the phone that sent it to upload it again. @returns where it is then */
  renew: (job: MediaJob, source: FromWhatsApp) => Promise<{ directPath: string }>;
  /** Where the gateway shows the file of a row. */
  urlOf: (rowId: string) => string;
  clock: Clock;
  log: Log;
  /** Files under way at once. */
  maxParallel?: number;
  random?: () => number;
}

const STOP_DEADLINE_MS = 5_000;
/** The hint that jobs are there may be missed. */
const LONGEST_SLEEP_MS = 30_000;
const JOURNAL_RETRY_MS = 1_000;

/**
 * Brings the files of messages into the media store, a few at a time, apart from everything that Baileys or the projector
 * waits for. What is to be done lies in the journal: a crash or a stop loses a download, never a job.
 *
 * - *idle*: nothing is fetched.
 * - *running*: due jobs are worked off; a failure is judged by the table and the job is due again later, or final.
 * - *stopping*: downloads are aborted; at most 5 s.
 */
export class MediaQueue {
  readonly events: TypedEmitter<MediaEvents>;
  readonly #ledger: MediaLedger;
  readonly #active = new Map<string, Promise<void>>();
  #run: { abort: AbortController; off: () => void } | null = null;
  #stopped: Promise<void> = Promise.resolve();
  #cancelTimer: () => void = () => undefined;

  constructor(private readonly deps: MediaQueueDeps) {
    this.events = new TypedEmitter(deps.log);
    this.#ledger = new MediaLedger({ ...deps, events: this.events });
  }

  /** Goes on with what waits. Does nothing when it is running. */
  start(): void {
    if (this.#run) return;
    this.#run = { abort: new AbortController(), off: this.deps.journal.onMediaQueued(() => this.#pump()) };
    this.#pump();
  }

  /** Every caller gets the same promise. */
  stop(): Promise<void> {
    const run = this.#run;
    if (run) {
      this.#run = null;
      run.off();
      this.#cancelTimer();
      run.abort.abort();
      const ended = Promise.all(this.#active.values());
      this.#stopped = withDeadline(ended, STOP_DEADLINE_MS, 'media under way').then(
        () => undefined,
        (error: unknown) => this.deps.log.warn('media queue stopped before its downloads ended', { error }),
      );
    }
    return this.#stopped;
  }

  /**
   * Works on a job anew: at once, with all tries before it. The row forgets why there was no file. One that is under way
   * stays as it is. @throws GatewayError `JOURNAL_FAILED`, `JOURNAL_FULL`
   */
  async retry(job: MediaJob): Promise<void> {
    const { connectionId, rowId } = job;
    if (this.#active.has(rowId)) return;
    const now = this.deps.clock.now();
    const anew: MediaJob = { ...job, state: 'waiting', failures: {}, error: null, dueAt: now, at: now };
    const about = { kind: 'media', connectionId, rowId, whatsappId: job.whatsappId } as const;
    const written = this.deps.journal.commit({
      media: [anew],
      entries: [{ ...about, stored: null, url: null, error: null }],
    });
    // As long as it is being written, nobody begins with what was there before.
    const settled = written.then(
      () => undefined,
      () => undefined,
    );
    this.#active.set(rowId, settled);
    await settled;
    this.#active.delete(rowId);
    this.#pump();
    await written;
  }

  /** Whether the file of this row is under way now. */
  isActive(rowId: string): boolean {
    return this.#active.has(rowId);
  }

  /** Files under way now. */
  get active(): number {
    return this.#active.size;
  }

  /** Begins what is due, as far as there is room, and comes back when the next one is. */
  #pump(): void {
    const run = this.#run;
    if (!run) return;
    this.#cancelTimer();
    try {
      this.#begin(run.abort.signal);
    } catch (error) {
      this.deps.log.error('media queue could not read the journal', { error });
    }
    this.#cancelTimer = this.deps.clock.after(this.#sleepMs(), () => this.#pump());
  }

  #begin(signal: AbortSignal): void {
    const { journal, clock, maxParallel = 3 } = this.deps;
    const due = journal.listDueMedia(clock.now(), maxParallel + this.#active.size);
    for (const job of due) {
      if (this.#active.size >= maxParallel) return;
      if (this.#active.has(job.rowId)) continue;
      const work = this.#work(job, signal).finally(() => {
        this.#active.delete(job.rowId);
        this.#pump();
      });
      this.#active.set(job.rowId, work);
    }
  }

  #sleepMs(): number {
    const { journal, clock, maxParallel = 3 } = this.deps;
    if (this.#active.size >= maxParallel) return LONGEST_SLEEP_MS;
    // What is under way is due, too: it comes back by itself.
    const next = this.#active.size > 0 ? null : journal.nextMediaDueAt();
    return next === null ? LONGEST_SLEEP_MS : Math.min(LONGEST_SLEEP_MS, Math.max(50, next - clock.now()));
  }

  /** Never rejects. */
  async #work(job: MediaJob, signal: AbortSignal): Promise<void> {
    try {
      await this.#store(job, signal);
    } catch (error) {
      // Aborted by a stop: nothing was learned about the job.
      if (signal.aborted) return;
      await this.#judge(job, error).catch((failure: unknown) => {
        this.deps.log.error('media job could not be journaled', { rowId: job.rowId, error: failure });
        // It is still due: not again before the disk has had time to recover.
        return this.deps.clock.sleep(JOURNAL_RETRY_MS, signal);
      });
    }
  }

  async #store(job: MediaJob, signal: AbortSignal): Promise<void> {
    const { connectionId, rowId, source, nome, timestamp } = job;
    const connection = this.deps.journal.getConnection(connectionId);
    // Deleted meanwhile: nobody may see it any more.
    if (!connection) return this.#ledger.giveUp(job, 'CONNECTION_NOT_FOUND');
    const file = source.kind === 'staged' ? this.deps.outgoing.path(source.file) : this.deps.incoming.path(rowId);
    try {
      if (source.kind !== 'staged') await this.deps.fetch(connectionId, source, file, signal);
      const size = await sizeOf(file);
      const { type, extension } = await sniff(file, { name: nome, type: job.mimetype });
      const { ownerId } = connection;
      const caminho = mediaPath({ ownerId, connectionId, timestamp, rowId, extension });
      await this.deps.store.put(caminho, file, { type, size });
      await this.#ledger.done(job, { caminho, tipo: type, tamanho: size, nome });
    } finally {
      if (source.kind !== 'staged') await rm(file, { force: true });
    }
    if (source.kind === 'staged') await this.#release(job, source.file);
  }

  async #judge(job: MediaJob, error: unknown): Promise<void> {
    const { code, rule } = judgeMediaFailure(error);
    const times = (job.failures[code] ?? 0) + 1;
    const counted = { ...job, failures: { ...job.failures, [code]: times }, error: code };
    if (rule.finalAfter !== undefined && times >= rule.finalAfter) return this.#ledger.giveUp(counted, code);
    const { connectionId, rowId } = job;
    // The store is ours: while it does not work, no file of anybody becomes readable.
    const level = code === 'MEDIA_STORE_FAILED' ? 'warn' : 'info';
    this.deps.log[level]('media will be tried again', { connectionId, rowId, code, times, error });
    this.events.emit('postponed', { connectionId, rowId, error: code });
    if (rule.askPhone && job.source.kind === 'whatsapp') return this.#askPhone(counted, job.source);
    await this.#ledger.later(counted, backoffMs(rule.backoff, times - 1, this.deps.random));
  }

  async #askPhone(job: MediaJob, source: FromWhatsApp): Promise<void> {
    try {
      const { directPath } = await this.deps.renew(job, source);
      await this.#ledger.later({ ...job, source: { ...source, directPath } }, 0);
    } catch (error) {
      const { code, rule } = judgeMediaFailure(error);
      const times = (job.failures[code] ?? 0) + 1;
      const counted = { ...job, failures: { ...job.failures, [code]: times } };
      if (rule.finalAfter !== undefined && times >= rule.finalAfter) return this.#ledger.giveUp(counted, code);
      await this.#ledger.later(counted, backoffMs(rule.backoff, times - 1, this.deps.random));
    }
  }

  /** A staged file goes once it is in the store and its message needs it no more. */
  async #release({ connectionId, whatsappId }: MediaJob, file: string): Promise<void> {
    const record = this.deps.journal.getOutbox(connectionId, whatsappId);
    if (record?.media?.uploaded === false && record.state !== 'failed' && record.state !== 'sent') return;
    await this.deps.outgoing.remove(file);
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    throw new GatewayError('MEDIA_NOT_FOUND', 'The file is not where it was put.', { cause });
  }
}
