import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys';
import { isTimerNews, readTimer, timerMutations } from '../journal/chat-timers.js';
import type { Journal } from '../journal/journal.js';
import { workKey } from '../journal/work-marks.js';
import type { HistoryEntry, HistoryJob, KeyMutations, MediaSource } from '../journal/records.js';
import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { Rounds } from '../lib/rounds.js';
import { isDeadly } from './entry-budget.js';
import { historyEntries, oldestOf, timersOf, type ChatEnd } from './history-entries.js';

type NewHistoryEntry = Omit<HistoryEntry, 'seq' | 'at'>;

export interface HistoryQueueDeps {
  journal: Pick<Journal, 'commit' | 'getKeys' | 'listHistoryJobs' | 'onHistoryQueued' | 'stats' | 'work'>;
  /** Downloads, decrypts and verifies. */
  download(
    connectionId: string,
    source: Extract<MediaSource, { kind: 'whatsapp' }>,
    signal: AbortSignal,
  ): Promise<Buffer>;
  /** Since when messages of a connection may have been missed, ms since the epoch; null = none were. */
  missedSince(connectionId: string): number | null;
  /** Told how far back a history that was asked for goes, chat by chat. */
  onDemand(connectionId: string, chats: ChatEnd[]): void;
  clock: Clock;
  log: Log;
  random?: () => number;
}

const inflated = promisify(inflate);
/** A history larger than that is none that a phone sends. */
const MAX_HISTORY_BYTES = 512 * 1024 * 1024;
/** So much of it lies in the log at a time: what comes in live is never behind more than that. */
const SLICE = 200;
const ROOM_LOOK_MS = 100;
const RETRY: BackoffPolicy = { baseMs: 2_000, capMs: 300_000 };
/** Files of histories are kept for some days only. */
const GIVE_UP_MS = 3 * 86_400_000;
const LOOK_EVERY_MS = 60_000;

/**
 * Reads the histories that phones announce and puts their messages into the log, apart from everything that Baileys or the
 * projector waits for. What is to be read lies in the journal: after a crash it is read again, to the same rows.
 *
 * - *idle*: waits to be told of one.
 * - *running*: one history at a time, in slices, each only when the log is nearly worked off.
 */
export class HistoryQueue {
  readonly #rounds: Rounds;
  readonly #failures = new Map<string, { times: number; until: number }>();
  #off: (() => void) | null = null;

  constructor(private readonly deps: HistoryQueueDeps) {
    const { clock, log } = deps;
    const round = (signal: AbortSignal) => this.#round(signal);
    const failure = 'histories could not be worked off';
    this.#rounds = new Rounds({ clock, log, round, waitMs: () => this.#waitMs(), failure });
  }

  start(): void {
    this.#off ??= this.deps.journal.onHistoryQueued(() => this.#rounds.wake());
    this.#rounds.start();
  }

  /** What is under way is read again at the next start. */
  async stop(): Promise<void> {
    this.#off?.();
    this.#off = null;
    await this.#rounds.stop();
  }

  async #round(signal: AbortSignal): Promise<void> {
    for (const job of this.#due()) if (!signal.aborted) await this.#work(job, signal);
  }

  /** The oldest first. */
  #due(): HistoryJob[] {
    const now = this.deps.clock.now();
    const jobs = this.deps.journal.listHistoryJobs().sort((a, b) => a.at - b.at);
    return jobs.filter(({ id }) => (this.#failures.get(id)?.until ?? 0) <= now);
  }

  #waitMs(): number {
    const waits = [...this.#failures.values()].map(({ until }) => until - this.deps.clock.now());
    return Math.max(1, Math.min(LOOK_EVERY_MS, ...waits));
  }

  async #work(job: HistoryJob, signal: AbortSignal): Promise<void> {
    const { connectionId, id } = job;
    if (isDeadly(this.deps.journal.work, workOf(job))) {
      this.deps.log.error('history given up: the process ended twice while it was read', { connectionId });
      return void (await this.deps.journal.commit({ historyRead: [job] }));
    }
    try {
      await this.#read(job, signal);
      this.#failures.delete(id);
    } catch (error) {
      if (signal.aborted) return;
      const times = (this.#failures.get(id)?.times ?? 0) + 1;
      this.#failures.set(id, { times, until: this.deps.clock.now() + backoffMs(RETRY, times - 1, this.deps.random) });
      const old = this.deps.clock.now() - job.at > GIVE_UP_MS;
      this.deps.log.warn(old ? 'history given up' : 'history not read yet', { connectionId, times, error });
      if (!old) return;
      this.#failures.delete(id);
      await this.deps.journal.commit({ historyRead: [job] });
    }
  }

  async #read(job: HistoryJob, signal: AbortSignal): Promise<void> {
    const { connectionId } = job;
    const notification = proto.Message.HistorySyncNotification.decode(job.notification);
    const packed = notification.initialHistBootstrapInlinePayload?.length
      ? notification.initialHistBootstrapInlinePayload
      : await this.deps.download(connectionId, sourceOf(notification), signal);
    const { history, onDemand, entries } = await this.#unpack(job, packed);
    await this.#learnTimers(history, connectionId);
    await this.#feed(entries, job, signal);
    this.deps.log.info('history read', { connectionId, messages: entries.length, onDemand });
    if (onDemand) this.deps.onDemand(connectionId, oldestOf(history));
  }

  /** What the chats' messages said before this device was linked. */
  async #learnTimers(history: proto.IHistorySync, connectionId: string): Promise<void> {
    const { journal } = this.deps;
    const mutations: KeyMutations = {};
    for (const { jids, timer } of timersOf(history)) {
      if (!isTimerNews(readTimer(journal, connectionId, jids), timer)) continue;
      for (const [type, values] of Object.entries(timerMutations(jids, timer))) {
        mutations[type] = { ...mutations[type], ...values };
      }
    }
    if (Object.keys(mutations).length > 0) await journal.commit({ keys: { connectionId, mutations } });
  }

  /** The part that can end the process, by its size or by what it says; the next process hears of it. */
  async #unpack(job: HistoryJob, packed: Uint8Array) {
    const ended = this.deps.journal.work.begin(workOf(job));
    try {
      const history = proto.HistorySync.decode(await inflated(packed, { maxOutputLength: MAX_HISTORY_BYTES }));
      const onDemand = history.syncType === proto.HistorySync.HistorySyncType.ON_DEMAND;
      const missedSince = onDemand ? this.deps.missedSince(job.connectionId) : null;
      return { history, onDemand, entries: historyEntries(history, job, missedSince) };
    } finally {
      ended();
    }
  }

  /** The job goes with the last slice. */
  async #feed(entries: NewHistoryEntry[], job: HistoryJob, signal: AbortSignal): Promise<void> {
    const { journal, clock } = this.deps;
    for (let start = 0; start < entries.length || start === 0; start += SLICE) {
      while (journal.stats().pendingEntries >= SLICE && !signal.aborted) await clock.sleep(ROOM_LOOK_MS, signal);
      signal.throwIfAborted();
      const isLast = start + SLICE >= entries.length;
      await journal.commit({ entries: entries.slice(start, start + SLICE), historyRead: isLast ? [job] : [] });
    }
  }
}

function workOf({ connectionId, id }: HistoryJob): string {
  return workKey('history', connectionId, id);
}

function sourceOf(notification: proto.Message.IHistorySyncNotification): Extract<MediaSource, { kind: 'whatsapp' }> {
  const { directPath = null, mediaKey, fileSha256 = null, fileEncSha256 = null, fileLength } = notification;
  return {
    ...{ kind: 'whatsapp', classe: 'md-msg-hist', url: null, directPath, fileSha256, fileEncSha256 },
    mediaKey: mediaKey ?? new Uint8Array(),
    fileLength: fileLength == null ? null : Number(fileLength),
  };
}
