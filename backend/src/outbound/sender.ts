import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import type { Journal } from '../journal/journal.js';
import type { OutboxRecord } from '../journal/records.js';
import type { Destination } from './address.js';
import { Attempts } from './attempt.js';
import { Lane, type SendFigures } from './lane.js';
import type { NumberCheck } from './number-check.js';
import { isFinished } from './outcome.js';
import type { MediaUploads } from './upload-media.js';
import { OutcomeWaiters } from './outcome-waiters.js';
import type { SendChannel } from './send-channel.js';
import type { Rate } from './token-bucket.js';

/** Facts about sends, in the past tense, after they are durable. Each carries the message's record. */
export interface SendEvents {
  /** It is durable and has its id; what becomes of it follows. */
  accepted: OutboxRecord;
  /** WhatsApp's server has accepted it. */
  sent: OutboxRecord;
  /** A final error is recorded. */
  failed: OutboxRecord;
  /** Error 463: the account may be locked out of new chats; ask `fetchAccountReachoutTimelock` before any cold send. */
  reachoutLocked: OutboxRecord;
  /** No ack within the deadline although the socket seems open: a sign of a dead connection. */
  ackOverdue: OutboxRecord;
}

export interface SenderDeps {
  journal: Pick<Journal, 'commit' | 'getOutbox' | 'getKeys' | 'listUnfinishedOutbox'>;
  numbers: NumberCheck;
  uploads: Pick<MediaUploads, 'ensure'>;
  clock: Clock;
  log: Log;
  /** Messages per minute and connection; null = no limit. */
  ratePerMinute: number | null;
  ackDeadlineMs?: number;
  relayDeadlineMs?: number;
  /** Chats of one connection with a message under way at once. */
  maxParallel?: number;
  /** Messages of one connection held in memory (ids only); the rest waits in the journal. */
  window?: number;
}

export type { SendFigures };

const SWEEP_EVERY_MS = 30_000;
const SWEEP_AT_MOST = 1_000;
const STOP_GRACE_MS = 3_000;
const STOP_DEADLINE_MS = 1_000;
const ABANDON_DEADLINE_MS = 5_000;

/**
 * Sends what the outbox holds, one message at a time per chat and many chats at once, until the server has accepted each.
 * A message leaves `sending` only by a server ack, a classified final error or expiry; after a crash, a lost socket or
 * silence the same id is sent again. Every outcome is one commit with the entry that moves the message's row.
 *
 * - *idle*: nothing is sent; accepted messages wait in the journal.
 * - *running*: every attached channel that is ready is served; messages of the others only expire.
 * - *stopping*: acks of what was already written are still taken for 3 s, then let go of.
 */
export class Sender {
  readonly events: TypedEmitter<SendEvents>;
  readonly #lanes = new Map<string, Lane>();
  readonly #attempts: Attempts;
  readonly #waiters: OutcomeWaiters;
  #state: 'idle' | 'running' | 'stopping' = 'idle';
  #stopped: Promise<void> = Promise.resolve();
  #cancelSweep: () => void = () => undefined;

  constructor(private readonly deps: SenderDeps) {
    this.events = new TypedEmitter<SendEvents>(deps.log);
    this.#waiters = new OutcomeWaiters(deps.clock);
    this.#attempts = new Attempts({
      journal: deps.journal,
      numbers: deps.numbers,
      uploads: deps.uploads,
      clock: deps.clock,
      log: deps.log,
      ackDeadlineMs: deps.ackDeadlineMs ?? 20_000,
      relayDeadlineMs: deps.relayDeadlineMs ?? 60_000,
      onSilence: (record) => this.events.emit('ackOverdue', record),
    });
  }

  /** Resumes every unfinished message, in order of acceptance per chat. Does nothing when it is running already. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    for (const lane of this.#lanes.values()) lane.start();
    this.#sweep();
  }

  /** Ends within 5 s. Messages without an outcome stay in the journal. Every caller gets the same promise. */
  stop(): Promise<void> {
    if (this.#state === 'running') this.#stopped = this.#stop();
    return this.#stopped;
  }

  /** Serves this connection from now on; call it once per channel. @returns the function that ends it. */
  attach(channel: SendChannel): () => void {
    return this.#laneOf(channel.connectionId).attach(channel);
  }

  /** Takes a message that was just accepted (its record is durable). */
  enqueue(record: OutboxRecord): void {
    this.#laneOf(record.connectionId).enqueue(record);
    this.events.emit('accepted', record);
  }

  /** What each connection that has something to send is at. */
  get figures(): SendFigures[] {
    return [...this.#lanes.values()].map((lane) => lane.figures).filter((each) => each.waiting + each.underWay > 0);
  }

  /** How long the rate limit of a connection would keep back a message that came now, in ms; 0 = not at all. */
  throttledMs(connectionId: string): number {
    return this.#lanes.get(connectionId)?.throttledMs ?? 0;
  }

  /** When a message is tried next, ms since the epoch; null when it has ended, or waits for no time. */
  nextTryAt(connectionId: string, whatsappId: string): number | null {
    return this.#lanes.get(connectionId)?.nextTryAt(whatsappId) ?? null;
  }

  /** Whether a message accepted now will be written within moments; see `Lane.goesSoon`. */
  goesSoon(connectionId: string, destination: Destination): boolean {
    return this.#lanes.get(connectionId)?.goesSoon(destination) ?? false;
  }

  /** Something may have changed for this connection: begins what can begin. Cheap, and never needed for correctness. */
  kick(connectionId: string): void {
    this.#lanes.get(connectionId)?.pump();
  }

  /**
   * Waits until a send has ended, at most `ms`.
   * @returns its record then; `state` says whether it has ended.
   * @throws GatewayError `MESSAGE_NOT_FOUND`
   */
  async waitForOutcome(connectionId: string, whatsappId: string, ms: number): Promise<OutboxRecord> {
    const record = this.deps.journal.getOutbox(connectionId, whatsappId);
    if (!record) throw new GatewayError('MESSAGE_NOT_FOUND');
    if (isFinished(record) || ms <= 0 || this.#state !== 'running') return record;
    const finished = await this.#waiters.wait(connectionId, whatsappId, ms);
    return finished ?? this.deps.journal.getOutbox(connectionId, whatsappId) ?? record;
  }

  /** Before a connection is deleted: its waiting messages end as `LOGGED_OUT`. Resolves when done, after 5 s at most. */
  async abandon(connectionId: string): Promise<void> {
    const lane = this.#laneOf(connectionId);
    await this.#atMost(ABANDON_DEADLINE_MS, lane.abandon());
    if (this.#lanes.get(connectionId) !== lane || !lane.gone) return;
    lane.stop();
    this.#lanes.delete(connectionId);
  }

  #laneOf(connectionId: string): Lane {
    let lane = this.#lanes.get(connectionId);
    if (!lane) {
      const { journal, clock, log, ratePerMinute, maxParallel = 20, window = 5_000 } = this.deps;
      lane = new Lane({
        connectionId,
        journal,
        attempts: this.#attempts,
        announce: (record) => this.#announce(record),
        clock,
        log,
        rate: rateOf(ratePerMinute),
        maxParallel,
        window,
      });
      this.#lanes.set(connectionId, lane);
      if (this.#state === 'running') lane.start();
    }
    return lane;
  }

  #announce(record: OutboxRecord): void {
    this.#waiters.finished(record);
    this.events.emit(record.state === 'sent' ? 'sent' : 'failed', record);
    if (record.error === 'REACHOUT_LOCKED') this.events.emit('reachoutLocked', record);
  }

  /** Ends what is too old, also of connections that never come back. The oldest come first, so the look is short. */
  #sweep(): void {
    this.#cancelSweep = this.deps.clock.after(SWEEP_EVERY_MS, () => this.#sweep());
    const now = this.deps.clock.now();
    let left = SWEEP_AT_MOST;
    try {
      for (const record of this.deps.journal.listUnfinishedOutbox()) {
        if (record.expiresAt > now || left-- === 0) return;
        this.#laneOf(record.connectionId).expire(record.whatsappId);
      }
    } catch (error) {
      // A timer has no caller to tell; the next sweep tries again.
      this.deps.log.error('outbox could not be swept', { error });
    }
  }

  async #stop(): Promise<void> {
    this.#state = 'stopping';
    this.#cancelSweep();
    this.#waiters.releaseAll();
    const lanes = [...this.#lanes.values()];
    await this.#atMost(STOP_GRACE_MS, Promise.all(lanes.map((lane) => lane.quiesce())));
    for (const lane of lanes) lane.interrupt();
    await this.#atMost(STOP_DEADLINE_MS, Promise.all(lanes.map((lane) => lane.quiesce())));
    for (const lane of lanes) lane.stop();
    this.#state = 'idle';
  }

  async #atMost(ms: number, work: Promise<unknown>): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => (cancel = this.deps.clock.after(ms, resolve)));
    await Promise.race([work, late]);
    cancel();
  }
}

/** Ten seconds' worth may go at once, so that an agent's three short answers are not spread over a minute. */
function rateOf(perMinute: number | null): Rate | null {
  return perMinute === null ? null : { perMinute, burst: Math.max(1, Math.ceil(perMinute / 6)) };
}
