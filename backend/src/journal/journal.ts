import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { AccessStore } from './access-store.js';
import { getKeys } from './auth-keys.js';
import { AuthStates } from './auth-states.js';
import { claimEntries } from './claim-entries.js';
import { commit } from './commit.js';
import { completeEntries } from './complete-entries.js';
import { deleteConnection, getConnection, listConnections } from './connections.js';
import { contextOf, type JournalContext } from './context.js';
import { copyEssentials, type EssentialsCopied } from './copy-essentials.js';
import { discardDeadLetter, listDeadLetters, retryDeadLetter } from './dead-letters.js';
import type { BudgetAlert } from './disk-budget.js';
import { listHistoryJobs } from './history-jobs.js';
import { listGoneConnections } from './gone-connections.js';
import { findIdempotency } from './idempotency.js';
import type { Urgency } from './durable-writer.js';
import { type Environment, openEnvironment } from './open-environment.js';
import { getOutbox, listUnfinishedOutbox } from './outbox.js';
import { parkEntry } from './park-entry.js';
import { getMediaJob, listDueMedia, nextMediaDueAt } from './media-jobs.js';
import { findPart } from './parts.js';
import { assertRoom, probe } from './probe.js';
import { prune } from './prune.js';
import type {
  CommitBatch,
  ConnectionRecord,
  DeadLetter,
  FollowUps,
  HistoryJob,
  GoneConnections,
  IdempotencyRecord,
  LogEntry,
  MediaJob,
  OutboxRecord,
  PartRecord,
  ReplayRecord,
} from './records.js';
import { RemoteSendStore } from './remote-send-store.js';
import { makeKnown } from './traces.js';
import { listReplays } from './replays.js';
import { ScheduleStore } from './schedule-store.js';
import { type JournalStats, journalStats } from './stats.js';
import { WebhookStore } from './webhooks/webhook-store.js';
import { WorkMarks, worksOf } from './work-marks.js';

export interface JournalOptions {
  /** Created (0700) when missing. */
  dir: string;
  /** SESSION_ENCRYPTION_KEY; null = values lie unsealed. */
  encryptionKey: string | null;
  /** How many bytes the entries that wait for the database may take. */
  maxBytes: number;
  /** Begins an empty journal also where there was another one. Default false. */
  acceptNew?: boolean;
  log: Log;
  clock?: Clock;
}

/**
 * The one durable truth of the gateway (docs/adr/0001): an ordered log of what must become rows, the outbox, the auth
 * state, the registry of connections. Reads are synchronous and see only what is on the disk; writes are durable when
 * their promise resolves and reject with `JOURNAL_FAILED` (callers fail closed) or, for new entries, `JOURNAL_FULL`.
 */
export class Journal {
  readonly #context: JournalContext;
  readonly #environment: Environment;
  #unconfirmed: boolean;
  /** Credentials and keys of connections, as wholes. */
  readonly auth: AuthStates;
  /** API keys, and the audit records that are no rows yet. */
  readonly access: AccessStore;
  /** Who is told by webhook, and what still has to be. */
  readonly webhooks: WebhookStore;
  /** Sends through another WhatsApp server. */
  readonly remoteSends: RemoteSendStore;
  /** Messages that wait for their time, and the texts that messages are written with. */
  readonly schedule: ScheduleStore;

  private constructor(
    context: JournalContext,
    environment: Environment,
    /** What is being worked on, for the next process. */
    readonly work: WorkMarks,
  ) {
    this.#context = context;
    this.#environment = environment;
    this.#unconfirmed = environment.unconfirmed;
    this.auth = new AuthStates(context);
    this.access = new AccessStore(context);
    this.webhooks = new WebhookStore(context);
    this.remoteSends = new RemoteSendStore(context);
    this.schedule = new ScheduleStore(context);
  }

  /**
   * @throws GatewayError `JOURNAL_LOCKED` (another process or another Journal holds `dir`), `JOURNAL_KEY_MISMATCH` (wrong
   * key, key missing, or key on a plain journal; nothing is changed), `JOURNAL_DAMAGED`, `JOURNAL_GONE` (see
   * sound-data-file.ts), `JOURNAL_FAILED` (directory or file unusable)
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const environment = await openEnvironment(options);
    try {
      const context = contextOf(options, environment);
      return new Journal(context, environment, await WorkMarks.open(context));
    } catch (error) {
      await environment.release();
      throw error;
    }
  }

  /** It is empty, and nothing in its directory shows that it was there before this start: somebody who knows what there
   *  was (the database) must be asked. */
  get unconfirmed(): boolean {
    return this.#unconfirmed;
  }

  /** From now on a start that does not find this journal is refused. */
  async confirm(): Promise<void> {
    await makeKnown(this.#environment.dir);
    this.#unconfirmed = false;
  }

  /** Waits for the commits in flight, then frees the directory. Can be called twice. */
  close(): Promise<void> {
    this.work.close();
    return this.#environment.release();
  }

  /**
   * All of the batch durable together, or nothing. Serialised and enqueued before the call returns, in call order.
   * @param urgency `soon` for what nobody waits for: it shares the flush of the next commit, 20 ms later its own
   * @returns the places of `batch.entries`, in their order
   */
  commit(batch: CommitBatch, urgency: Urgency = 'now'): Promise<{ seqs: number[] }> {
    const committed = commit(this.#context, batch, urgency);
    // From the first connection on it must be found again.
    return this.unconfirmed && batch.connections ? this.confirm().then(() => committed) : committed;
  }

  /** Somebody waits for a commit that was to be durable `soon`. */
  hurry(): void {
    this.#context.writer.hurry();
  }

  /** The keys that exist, by id; Buffers come back as Buffers. */
  getKeys(connectionId: string, type: string, ids: readonly string[]): Record<string, unknown> {
    return getKeys(this.#context, connectionId, type, ids);
  }

  findPart(connectionId: string, sha256: Uint8Array): PartRecord | null {
    return findPart(this.#context.tables, connectionId, sha256);
  }

  /** Stanzas that Baileys may not have worked through, the oldest first. */
  listReplays(connectionId: string): ReplayRecord[] {
    return listReplays(this.#context.tables, connectionId);
  }

  getConnection(connectionId: string): ConnectionRecord | null {
    return getConnection(this.#context.tables, connectionId);
  }

  listConnections(): ConnectionRecord[] {
    return listConnections(this.#context.tables);
  }

  /** @param last its newest record, for the totals, when the one on the disk may be older */
  deleteConnection(connectionId: string, last?: ConnectionRecord): Promise<void> {
    return deleteConnection(this.#context, connectionId, last);
  }

  listGoneConnections(): GoneConnections[] {
    return listGoneConnections(this.#context.tables);
  }

  getOutbox(connectionId: string, whatsappId: string): OutboxRecord | null {
    return getOutbox(this.#context, connectionId, whatsappId);
  }

  /** What is still to be sent (of one connection, or of all) after the place `afterSeq`, in the order of acceptance. */
  listUnfinishedOutbox(connectionId?: string, afterSeq?: number): Iterable<OutboxRecord> {
    return listUnfinishedOutbox(this.#context, connectionId, afterSeq);
  }

  findIdempotency(scope: string, key: string): IdempotencyRecord | null {
    return findIdempotency(this.#context, scope, key);
  }

  /** The oldest entries after `afterSeq`, oldest first; they stay until completed or parked. */
  claimEntries(limit: number, afterSeq?: number): LogEntry[] {
    return claimEntries(this.#context.tables, limit, afterSeq);
  }

  /** The rows exist: the entries never come back, not even after a crash; what follows from them is queued by then. */
  completeEntries(seqs: readonly number[], follow: FollowUps = {}): Promise<void> {
    return completeEntries(this.#context, this.webhooks, seqs, follow);
  }

  getMediaJob(connectionId: string, rowId: string): MediaJob | null {
    return getMediaJob(this.#context.tables, connectionId, rowId);
  }

  /** Jobs due at `until` (ms since the epoch) or before, the longest due first. */
  listDueMedia(until: number, limit: number): MediaJob[] {
    return listDueMedia(this.#context.tables, until, limit);
  }

  /** When the next job is due, ms since the epoch; null when none waits. */
  nextMediaDueAt(): number | null {
    return nextMediaDueAt(this.#context.tables);
  }

  /** Histories that are still to be read. */
  listHistoryJobs(): HistoryJob[] {
    return listHistoryJobs(this.#context.tables);
  }

  /** A hint that there is a history to read. @returns the function that stops listening */
  onHistoryQueued(listener: () => void): () => void {
    return this.#context.events.on('historyQueued', listener);
  }

  /** A hint that there are new media jobs. @returns the function that stops listening */
  onMediaQueued(listener: () => void): () => void {
    return this.#context.events.on('mediaQueued', listener);
  }

  parkEntry(seq: number, reason: DeadLetter['reason']): Promise<void> {
    return parkEntry(this.#context, seq, reason);
  }

  listDeadLetters(limit: number, afterSeq?: number): DeadLetter[] {
    return listDeadLetters(this.#context.tables, limit, afterSeq);
  }

  /** Back into the log under its old seq (start the next claim below it). @returns false when there is none */
  retryDeadLetter(seq: number): Promise<boolean> {
    const { reading, following } = worksOf(seq);
    this.work.forget(reading, following);
    return retryDeadLetter(this.#context, seq);
  }

  /** @returns false when there is none */
  discardDeadLetter(seq: number): Promise<boolean> {
    return discardDeadLetter(this.#context, seq);
  }

  /** A hint that new entries, of these kinds, are durable. @returns the function that stops listening */
  onAppended(listener: (kinds: readonly LogEntry['kind'][]) => void): () => void {
    return this.#context.events.on('appended', listener);
  }

  /** Told once each time the log grows past 50, 80 and 100 % of its budget. @returns the function that stops listening */
  onBudget(listener: (alert: BudgetAlert) => void): () => void {
    return this.#context.events.on('budget', listener);
  }

  /** Removes what has outlived its retention; call it every hour or so. @returns how many records, per table */
  prune(now: number = this.#context.clock.now()): Promise<Record<string, number>> {
    return prune(this.#context, now);
  }

  stats(): JournalStats {
    return journalStats(this.#context);
  }

  /** Copies what matters most into a journal of its own, as it is at one moment (see copy-essentials.ts). */
  copyEssentials(options: Parameters<typeof copyEssentials>[1]): Promise<EssentialsCopied | null> {
    return copyEssentials(this.#context, options);
  }

  /** Could a message be journaled now? Rejects `JOURNAL_FULL` (budget or disk), or `JOURNAL_FAILED` when a write fails. */
  assertRoom(): Promise<void> {
    return assertRoom(this.#context);
  }

  /** Writes something that means nothing, durably: rejects `JOURNAL_FAILED` when the disk does not take it. */
  probe(): Promise<void> {
    return probe(this.#context);
  }
}
