import type { JournalContext } from '../context.js';
import { getConnection } from '../connections.js';
import { planAppend, type Append } from './append-events.js';
import { account, DELIVERY_BYTES, type WebhookContext } from './context.js';
import { EventFeed } from './event-feed.js';
import { backlogOf, headOf, listLanes, type QueueHead } from './lanes.js';
import { readLastSeq } from './last-seq.js';
import { readListening, readTrimmedTo } from './listening.js';
import { getDelivery, getEvent, listDeliveries, type DeliveryPage } from './list-deliveries.js';
import { addWebhook, deleteWebhook, updateWebhook } from './registry.js';
import { replayDeliveries, type ReplayRequest } from './replay-deliveries.js';
import { WEBHOOK_SHARE } from './retention.js';
import type { DeliveryRecord, DeliveryState, EventRecord, NewEvent, Parties, WebhookRecord } from './records.js';
import { SerialQueue } from '../serial-queue.js';
import { settleDelivery } from './settle-delivery.js';
import { trimEvents, type Trimmed } from './trim-events.js';

/**
 * The durable side of webhooks: who is to be told (registry), what happened (log of events), what waits for whom (a line
 * per webhook and connection), what came of it (ledger). An event is stored once, however many webhooks want it.
 */
export class WebhookStore {
  readonly #context: WebhookContext;
  /** The same log, for whoever reads all of it. */
  readonly feed: EventFeed;
  #trimming: Promise<Trimmed> | null = null;

  constructor(journal: JournalContext) {
    const { tables } = journal;
    this.#context = {
      journal,
      registry: new Map(tables.webhooks.range().map(({ value }) => [value.id, value])),
      changes: new SerialQueue(),
      partiesOf: (connectionId) => {
        const { ownerId = null, companyId = null } = getConnection(tables, connectionId) ?? {};
        return { ownerId, companyId };
      },
      lastSeq: readLastSeq(tables),
      recent: [],
      storedTo: readLastSeq(tables),
      listening: readListening(tables),
      trimmedTo: readTrimmedTo(tables),
      bytes: { live: 0, max: Math.floor(journal.budget.maxBytes * WEBHOOK_SHARE) },
    };
    this.feed = new EventFeed(this.#context);
    let bytes = tables.deliveries.count() * DELIVERY_BYTES;
    for (const size of tables.events.sizes()) bytes += size;
    account(this.#context, bytes);
  }

  /** In the order of creation. */
  list(): WebhookRecord[] {
    return [...this.#context.registry.values()].sort((a, b) => a.createdAt - b.createdAt);
  }

  get(id: string): WebhookRecord | null {
    return this.#context.registry.get(id) ?? null;
  }

  /** Whether there is any webhook, or somebody listens: otherwise events need not even be made. */
  get inUse(): boolean {
    return this.#context.registry.size > 0 || this.#context.listening !== null;
  }

  /** What webhooks use of the journal's budget, and may use. */
  get bytes(): { live: number; max: number } {
    return { ...this.#context.bytes };
  }

  get pendingDeliveries(): number {
    return this.#context.journal.tables.webhookQueue.count();
  }

  add(record: WebhookRecord): Promise<void> {
    return addWebhook(this.#context, record);
  }

  /** @returns what it is now; null when there is none */
  update(id: string, change: (now: WebhookRecord) => WebhookRecord): Promise<WebhookRecord | null> {
    return updateWebhook(this.#context, id, change);
  }

  /** @returns false when there is none */
  delete(id: string): Promise<boolean> {
    return deleteWebhook(this.#context, id);
  }

  /** Owner and company of a connection, as far as the journal knows it. */
  partiesOf(connectionId: string): Parties {
    return this.#context.partiesOf(connectionId);
  }

  /** For a commit that is about more than the events: they are durable with it, or not at all. */
  planAppend(events: readonly NewEvent[]): Append {
    return planAppend(this.#context, events);
  }

  /** Events that are about nothing else in the journal. */
  async append(events: readonly NewEvent[]): Promise<void> {
    const plan = this.planAppend(events);
    await this.#context.journal.writer.write(plan.writes, plan.urgency);
    this.appended(plan);
  }

  /** To be called after a commit with planned events. */
  appended(plan: Append): void {
    plan.done();
    const { bytes, journal } = this.#context;
    if (bytes.live > bytes.max) void this.trim().catch((error) => journal.log.error('events not trimmed', { error }));
    if (plan.queued) journal.events.emit('eventsQueued', null);
  }

  /** A hint that something joined a line. @returns the function that stops listening */
  onQueued(listener: () => void): () => void {
    return this.#context.journal.events.on('eventsQueued', listener);
  }

  /** Has the lines looked at again (a webhook was switched on, or leads elsewhere). */
  touch(): void {
    this.#context.journal.events.emit('eventsQueued', null);
  }

  /** Told when deliveries were given up for want of room. @returns the function that stops listening */
  onDiscarded(listener: (trimmed: Trimmed) => void): () => void {
    return this.#context.journal.events.on('deliveriesDiscarded', listener);
  }

  /** The connections about which something waits for a webhook; null = the gateway itself. */
  lanes(webhookId: string): (string | null)[] {
    return listLanes(this.#context, webhookId);
  }

  head(webhookId: string, connectionId: string | null): QueueHead | null {
    return headOf(this.#context, webhookId, connectionId);
  }

  backlog(webhookId: string, most = 100_000): { pending: number; oldestPendingAt: number | null } {
    return backlogOf(this.#context, webhookId, most);
  }

  settle(delivery: DeliveryRecord): Promise<void> {
    return settleDelivery(this.#context, delivery);
  }

  deliveries(
    webhookId: string,
    page: { limit: number; beforeSeq: number | null; state: DeliveryState | null },
  ): DeliveryPage {
    return listDeliveries(this.#context, webhookId, page);
  }

  delivery(webhookId: string, seq: number): DeliveryRecord | null {
    return getDelivery(this.#context, webhookId, seq);
  }

  event(seq: number): EventRecord | null {
    return getEvent(this.#context, seq);
  }

  /** Puts events back into a line. @returns how many; 0 when there is no such webhook */
  async replay(webhookId: string, request: ReplayRequest): Promise<number> {
    const webhook = this.get(webhookId);
    if (webhook === null) return 0;
    const count = await replayDeliveries(this.#context, webhook, request);
    if (count > 0) this.#context.journal.events.emit('eventsQueued', null);
    return count;
  }

  /** Removes what is past its retention or beyond the share; calls share one round. */
  trim(now: number = this.#context.journal.clock.now()): Promise<Trimmed> {
    this.#trimming ??= trimEvents(this.#context, now)
      .then((trimmed) => {
        if (trimmed.discarded > 0) this.#context.journal.events.emit('deliveriesDiscarded', trimmed);
        return trimmed;
      })
      .finally(() => (this.#trimming = null));
    return this.#trimming;
  }
}
