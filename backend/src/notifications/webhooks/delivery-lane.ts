import type { DeliveryRecord, EventRecord, WebhookRecord } from '../../journal/webhooks/records.js';
import type { QueueHead } from '../../journal/webhooks/lanes.js';
import { backoffMs, type BackoffPolicy } from '../../lib/backoff.js';
import type { Clock } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import type { PostResult } from './post-event.js';

/** What a lane needs of the store. */
export interface LaneStore {
  get(id: string): WebhookRecord | null;
  head(webhookId: string, connectionId: string | null): QueueHead | null;
  settle(delivery: DeliveryRecord): Promise<void>;
}

export interface LaneDeps {
  store: LaneStore;
  clock: Clock;
  log: Log;
  backoff: BackoffPolicy;
  random?: (() => number) | undefined;
  /** Posts when it is its turn among all lanes. */
  post(webhook: WebhookRecord, event: EventRecord): Promise<PostResult>;
  /** Told after every attempt, once it is written down. */
  tried(webhook: WebhookRecord, result: PostResult): Promise<void>;
}

/** An event that a receiver does not take for so long is a dead letter. */
const GIVE_UP_AFTER_MS = 3 * 24 * 60 * 60 * 1000;
const JOURNAL_RETRY_MS = 1000;
/** Also a clock that was set back must not hold a line for long. */
const LONGEST_PAUSE_MS = 60 * 60 * 1000;

/**
 * The line of one webhook for one connection: one event at a time, in order. Nothing of it is in memory but the event that
 * is on its way; what it knows about its attempts is in the ledger, so a restart goes on where it was.
 *
 * - `delivering`: the first in line is on its way (or waits for its turn among the lanes).
 * - `holding`: the receiver did not take it; nothing overtakes it until its time has come, or somebody wakes the lane.
 * - `ended`: the line is empty, the webhook is switched off, or the lane was stopped.
 */
export class DeliveryLane {
  #state: 'delivering' | 'holding' | 'ended' = 'delivering';
  #hold = new AbortController();
  #hurried = false;
  readonly done: Promise<void>;

  constructor(
    private readonly deps: LaneDeps,
    private readonly webhookId: string,
    readonly connectionId: string | null,
    private readonly stop: AbortSignal,
  ) {
    this.done = this.#run();
  }

  get state(): 'delivering' | 'holding' | 'ended' {
    return this.#state;
  }

  /** Tries again now: the receiver was seen alive, or somebody has changed the webhook. */
  wake(): void {
    if (this.#state !== 'holding') return;
    this.#hurried = true;
    this.#hold.abort();
  }

  async #run(): Promise<void> {
    // Whoever makes the lane knows it before its first step.
    await Promise.resolve();
    const onStop = () => this.#hold.abort();
    this.stop.addEventListener('abort', onStop, { once: true });
    while (!this.stop.aborted) {
      try {
        if (!(await this.#step())) break;
      } catch (error) {
        this.deps.log.error('webhook delivery could not use the journal', { webhookId: this.webhookId, error });
        await this.#pause(JOURNAL_RETRY_MS);
      }
    }
    this.stop.removeEventListener('abort', onStop);
    this.#state = 'ended';
  }

  /** @returns false when there is nothing (more) to do */
  async #step(): Promise<boolean> {
    const { store, clock } = this.deps;
    const webhook = store.get(this.webhookId);
    if (webhook?.state !== 'active') return false;
    const head = store.head(this.webhookId, this.connectionId);
    if (head === null) return false;
    const { delivery, event } = head;
    if (event === null) await this.#discard(delivery, 'the event is gone');
    else if (event.expiresAt !== null && event.expiresAt <= clock.now()) await this.#discard(delivery, 'expired');
    else if (this.#mustWait(delivery)) await this.#pause((delivery.nextAttemptAt ?? 0) - clock.now());
    else await this.#try(webhook, delivery, event);
    return true;
  }

  #mustWait({ nextAttemptAt }: DeliveryRecord): boolean {
    return !this.#hurried && nextAttemptAt !== null && nextAttemptAt > this.deps.clock.now();
  }

  async #try(webhook: WebhookRecord, delivery: DeliveryRecord, event: EventRecord): Promise<void> {
    this.#hurried = false;
    const result = await this.deps.post(webhook, event);
    // Cut off by our own stop: that says nothing about the receiver.
    if (this.stop.aborted && result.status === null) return;
    await this.deps.store.settle(this.#after(delivery, result));
    await this.deps.tried(webhook, result);
  }

  #after(delivery: DeliveryRecord, { verdict, status, error, latencyMs, retryAfterMs }: PostResult): DeliveryRecord {
    const now = this.deps.clock.now();
    const firstAttemptAt = delivery.firstAttemptAt ?? now;
    const attempts = delivery.attempts + 1;
    const tried = { ...delivery, attempts, firstAttemptAt, lastAttemptAt: now, nextAttemptAt: null };
    const outcome = { ...tried, status, error, latencyMs };
    if (verdict === 'done') return { ...outcome, state: 'delivered' };
    if (verdict !== 'hold' || now - firstAttemptAt >= GIVE_UP_AFTER_MS) return { ...outcome, state: 'failed' };
    const wait = Math.max(backoffMs(this.deps.backoff, delivery.attempts, this.deps.random), retryAfterMs);
    return { ...outcome, nextAttemptAt: now + wait };
  }

  #discard(delivery: DeliveryRecord, error: string): Promise<void> {
    return this.deps.store.settle({ ...delivery, state: 'discarded', error, nextAttemptAt: null });
  }

  async #pause(ms: number): Promise<void> {
    this.#state = 'holding';
    this.#hold = new AbortController();
    if (!this.stop.aborted) await this.deps.clock.sleep(Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS), this.#hold.signal);
    this.#state = 'delivering';
  }
}
