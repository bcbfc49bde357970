import type { Agent } from 'undici';
import type { EventRecord, WebhookRecord } from '../../journal/webhooks/records.js';
import type { WebhookStore } from '../../journal/webhooks/webhook-store.js';
import type { BackoffPolicy } from '../../lib/backoff.js';
import { withDeadline } from '../../lib/deadline.js';
import type { Log } from '../../lib/log.js';
import { Semaphore } from '../../lib/semaphore.js';
import { TypedEmitter } from '../../lib/typed-emitter.js';
import { DeliveryLane, type LaneDeps } from './delivery-lane.js';
import { postEvent, type PostDeps, type PostResult } from './post-event.js';
import { WebhookHealth, type WebhookHealthEvents } from './webhook-health.js';

export interface WebhookDispatcherDeps extends Omit<PostDeps, 'agent'> {
  store: WebhookStore;
  /** Makes the guarded way out; opened at the start, closed by `stop`. */
  openAgent(): Agent;
  log: Log;
  /** Waits between attempts; tests take shorter ones. */
  backoff?: BackoffPolicy;
  random?: () => number;
}

/** Full jitter: over three days a dead receiver is asked about 900 times, and one that is back hears us within 10 min. */
const BACKOFF: BackoffPolicy = { baseMs: 1000, capMs: 10 * 60 * 1000 };
/** Requests under way: to one webhook (its connections beside each other), and to all of them. */
const PER_WEBHOOK = 4;
const ALTOGETHER = 32;
/** Hints can be missed; the lines themselves are looked at this often. */
const LOOK_EVERY_MS = 30_000;
/** Requests under way at a stop get so long to be answered; then they are cut, and repeated under the same id later. */
const STOP_GRACE_MS = 2_000;
const STOP_DEADLINE_MS = 2_000;

interface Endpoint {
  lanes: Map<string | null, DeliveryLane>;
  permits: Semaphore;
}

/**
 * Delivers what waits in the lines of the store, for as long as it takes: a lane per webhook and connection that has
 * something waiting, so that one receiver's failure, or one connection's backlog, holds nobody else. `idle` → `running` →
 * `idle`; it can be started again.
 */
export class WebhookDispatcher {
  readonly events: TypedEmitter<WebhookHealthEvents>;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #permits = new Semaphore(ALTOGETHER);
  readonly #health: WebhookHealth;
  #state: 'idle' | 'running' | 'stopping' = 'idle';
  #agent: Agent | null = null;
  #stop = new AbortController();
  #cut = new AbortController();
  #looking = false;
  #undo: (() => void)[] = [];
  #stopping: Promise<void> | null = null;

  constructor(private readonly deps: WebhookDispatcherDeps) {
    this.events = new TypedEmitter(deps.log);
    this.#health = new WebhookHealth({ ...deps, events: this.events });
  }

  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    this.#agent = this.deps.openAgent();
    this.#stop = new AbortController();
    this.#cut = new AbortController();
    this.#undo = [this.deps.store.onQueued(() => this.#lookSoon())];
    this.#poll();
    this.#lookSoon();
  }

  /** Ends within a few seconds; what is not answered by then is delivered again after the next start. Can be called twice. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#end().finally(() => (this.#stopping = null)));
  }

  /** Tries what this webhook holds at once: it was changed or switched on. */
  wake(webhookId: string): void {
    for (const lane of this.#endpoints.get(webhookId)?.lanes.values() ?? []) lane.wake();
    this.#lookSoon();
  }

  /** One attempt out of the line, for the test route. Never rejects. */
  async try(webhook: WebhookRecord, event: EventRecord): Promise<PostResult> {
    // A lane that gets its turn only after the stop sends nothing.
    if (this.#agent === null || this.#stop.signal.aborted) {
      return { verdict: 'hold', status: null, error: 'the gateway stops', latencyMs: 0, retryAfterMs: 0 };
    }
    return postEvent({ ...this.deps, agent: this.#agent }, webhook, event, this.#cut.signal);
  }

  async #end(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'stopping';
    for (const undo of this.#undo) undo();
    this.#stop.abort();
    const ended = Promise.all(
      [...this.#endpoints.values()].flatMap(({ lanes }) => [...lanes.values()].map((l) => l.done)),
    );
    await withDeadline(ended, STOP_GRACE_MS, 'deliveries under way').catch(() => this.#cut.abort());
    await withDeadline(ended, STOP_DEADLINE_MS, 'cut deliveries').catch((error) =>
      this.deps.log.warn('webhook deliveries did not end', { error }),
    );
    this.#endpoints.clear();
    await this.#agent?.destroy();
    this.#agent = null;
    this.#state = 'idle';
  }

  #poll(): void {
    const cancel = this.deps.clock.after(LOOK_EVERY_MS, () => {
      this.#undo.splice(this.#undo.indexOf(cancel), 1);
      this.#poll();
      this.#lookSoon();
    });
    this.#undo.push(cancel);
  }

  /** Many hints in one turn of the event loop are one look. */
  #lookSoon(): void {
    if (this.#looking || this.#state !== 'running') return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      try {
        if (this.#state === 'running') this.#look();
      } catch (error) {
        this.deps.log.error('webhook lines could not be read', { error });
      }
    });
  }

  /** Makes a lane for whatever waits and has none. */
  #look(): void {
    for (const { id, state } of this.deps.store.list()) {
      if (state !== 'active') continue;
      const waiting = this.deps.store.lanes(id);
      if (waiting.length === 0) continue;
      const endpoint = this.#endpoint(id);
      for (const connectionId of waiting) if (!endpoint.lanes.has(connectionId)) this.#open(id, endpoint, connectionId);
    }
  }

  #endpoint(id: string): Endpoint {
    const endpoint = this.#endpoints.get(id) ?? { lanes: new Map(), permits: new Semaphore(PER_WEBHOOK) };
    this.#endpoints.set(id, endpoint);
    return endpoint;
  }

  #open(id: string, endpoint: Endpoint, connectionId: string | null): void {
    const deps: LaneDeps = {
      ...{ store: this.deps.store, clock: this.deps.clock, log: this.deps.log, random: this.deps.random },
      backoff: this.deps.backoff ?? BACKOFF,
      post: (webhook, event) => endpoint.permits.run(() => this.#permits.run(() => this.try(webhook, event))),
      tried: async (webhook, result) => {
        const isBack = await this.#health.note(webhook, result);
        if (isBack) this.wake(id);
      },
    };
    const lane = new DeliveryLane(deps, id, connectionId, this.#stop.signal);
    endpoint.lanes.set(connectionId, lane);
    void lane.done.then(() => {
      endpoint.lanes.delete(connectionId);
      if (endpoint.lanes.size === 0) this.#endpoints.delete(id);
      // Something may have joined the line between its last look and its end.
      this.#lookSoon();
    });
  }
}
