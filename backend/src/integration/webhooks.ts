import { randomUUID } from 'node:crypto';
import type { AddressPolicy } from '../egress/address-policy.js';
import { SerialQueue } from '../journal/serial-queue.js';
import type { Journal } from '../journal/journal.js';
import type { WebhookRecord, WebhookSecret } from '../journal/webhooks/records.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import { assertWithin, type Quotas } from '../lib/quotas.js';
import { pickTexts } from '../lib/party.js';
import { newSecret } from '../notifications/webhooks/signature.js';
import type { WebhookDispatcher } from '../notifications/webhooks/webhook-dispatcher.js';
import { presentDelivery, presentWebhook } from './present-webhook.js';
import type { Scope } from './resources.js';
import { mayUseWebhook, whoseWebhook } from './webhook-scope.js';
import { assertWebhookFields, effectiveEvents } from './webhook-fields.js';
import type {
  CreateWebhookInput,
  DeliveryResource,
  ReplayInput,
  UpdateWebhookInput,
  WebhookResource,
  WebhookTestResource,
} from './webhook-resources.js';

export interface WebhooksDeps {
  journal: Journal;
  dispatcher: WebhookDispatcher;
  policy: AddressPolicy;
  clock: Clock;
  quotas: Quotas;
}

/** Every event asks each of them whether it is wanted. */
const MOST_WEBHOOKS = 500;
const OLD_SECRET_LIVES_MS = 24 * 60 * 60 * 1000;

/** The use cases around webhooks. `scope` null sees everything; somebody else's webhook does not exist for a caller. */
export class Webhooks {
  /** Each is counted before the next one is made. */
  readonly #creations = new SerialQueue();

  constructor(private readonly deps: WebhooksDeps) {}

  /** @throws BAD_REQUEST, FORBIDDEN_DESTINATION, FORBIDDEN, CONNECTION_NOT_FOUND, WEBHOOK_LIMIT */
  create(input: CreateWebhookInput, scope: Scope | null) {
    return this.#creations.run(() => this.#create(input, scope));
  }

  async #create(input: CreateWebhookInput, scope: Scope | null) {
    const { webhooks } = this.deps.journal;
    if (webhooks.list().length >= MOST_WEBHOOKS) throw new GatewayError('WEBHOOK_LIMIT');
    const { formato = 'sentinela', events = ['*'], secret = newSecret(), connectionId = null } = input;
    assertWebhookFields({ url: input.url, formato, events, secret }, this.deps.policy);
    const whose = whoseWebhook(input, scope, (id) => this.deps.journal.getConnection(id));
    if (scope) {
      const isTheirs = (each: WebhookRecord) => each.ownerId === whose.ownerId && each.companyId === whose.companyId;
      const theirs = webhooks.list().filter(isTheirs);
      assertWithin(this.deps.quotas, 'webhooks', theirs.length);
    }
    const texts = pickTexts([whose.ownerId, whose.companyId], input.texts, scope?.texts);
    const now = this.deps.clock.now();
    const record: WebhookRecord = {
      id: randomUUID(),
      name: input.name ?? new URL(input.url).host,
      ...{ url: input.url, ...whose, ...(texts && { texts }), connectionId, format: formato },
      events: effectiveEvents(formato, events),
      headers: input.headers ?? {},
      secrets: [{ value: secret, until: null }],
      ...{ state: 'active', reason: null, createdAt: now, updatedAt: now, failingSince: null },
    };
    await webhooks.add(record);
    return { webhook: this.#present(record), secret };
  }

  list(scope: Scope | null): WebhookResource[] {
    const { webhooks } = this.deps.journal;
    return webhooks
      .list()
      .filter((record) => mayUseWebhook(record, scope))
      .map((record) => this.#present(record));
  }

  get(id: string, scope: Scope | null): WebhookResource {
    return this.#present(this.#record(id, scope));
  }

  /** @throws BAD_REQUEST, FORBIDDEN_DESTINATION, WEBHOOK_NOT_FOUND */
  async update(id: string, input: UpdateWebhookInput, scope: Scope | null) {
    const before = this.#record(id, scope);
    const { url = before.url, formato = before.format, events = before.events } = input;
    const secret = input.secret === 'rotate' ? newSecret() : (input.secret ?? null);
    const signs = secret ?? before.secrets[0]?.value ?? null;
    assertWebhookFields({ url, formato, events, secret: signs }, this.deps.policy);
    const now = this.deps.clock.now();
    const after = await this.deps.journal.webhooks.update(id, (record) => ({
      ...record,
      ...{ url, format: formato, updatedAt: now },
      events: effectiveEvents(formato, events),
      name: input.name ?? record.name,
      headers: input.headers ?? record.headers,
      secrets: secret === null ? record.secrets : rotated(record.secrets, secret, now),
      ...switched(record, input.active),
    }));
    if (after === null) throw notFound(id);
    this.deps.dispatcher.wake(id);
    return { webhook: this.#present(after), secret: input.secret === 'rotate' ? secret : null };
  }

  async delete(id: string, scope: Scope | null): Promise<void> {
    this.#record(id, scope);
    await this.deps.journal.webhooks.delete(id);
  }

  /** Posts a `test` event at once, also to one that is switched off. */
  async test(id: string, scope: Scope | null): Promise<WebhookTestResource> {
    const record = this.#record(id, scope);
    const now = this.deps.clock.now();
    const { connectionId, ownerId } = record;
    const { verdict, status, error, latencyMs } = await this.deps.dispatcher.try(record, {
      ...{ id: `evt_test_${randomUUID()}`, type: 'test', connectionId, ownerId, at: now, expiresAt: null },
      ...{ data: { mensagem: 'Teste do webhook' }, seq: 0, queuedAt: now, webhooks: [] },
    });
    return { ok: verdict === 'done', status, error, latencyMs };
  }

  deliveries(
    id: string,
    page: { limit: number; cursor: string | null; state: DeliveryResource['state'] | null },
    scope: Scope | null,
  ): { data: DeliveryResource[]; nextCursor: string | null } {
    this.#record(id, scope);
    const beforeSeq = page.cursor === null ? null : readCursor(page.cursor);
    const found = this.deps.journal.webhooks.deliveries(id, { limit: page.limit, beforeSeq, state: page.state });
    const nextCursor = found.beforeSeq === null ? null : Buffer.from(String(found.beforeSeq)).toString('base64url');
    return { data: found.deliveries.map(presentDelivery), nextCursor };
  }

  async replay(id: string, input: ReplayInput, scope: Scope | null): Promise<number> {
    this.#record(id, scope);
    const time = (iso: string | undefined) => (iso === undefined ? null : Date.parse(iso));
    const request = { seqs: input.deliveries ?? [], since: time(input.since), until: time(input.until) };
    return this.deps.journal.webhooks.replay(id, { ...request, state: input.state ?? null });
  }

  #record(id: string, scope: Scope | null): WebhookRecord {
    const record = this.deps.journal.webhooks.get(id);
    if (record === null || !mayUseWebhook(record, scope)) throw notFound(id);
    return record;
  }

  #present(record: WebhookRecord): WebhookResource {
    return presentWebhook(record, this.deps.journal.webhooks.backlog(record.id));
  }
}

/** The new one signs first; the one before it signs beside it for a day, so that a receiver can change over. */
function rotated([current]: readonly WebhookSecret[], value: string, now: number): WebhookSecret[] {
  const old = current && current.value !== value ? [{ value: current.value, until: now + OLD_SECRET_LIVES_MS }] : [];
  return [{ value, until: null }, ...old];
}

function switched({ state, reason, failingSince }: WebhookRecord, active: boolean | undefined) {
  if (active === undefined) return { state, reason, failingSince };
  if (active) return { state: 'active' as const, reason: null, failingSince: null };
  return { state: 'disabled' as const, reason: 'switched off by a person', failingSince };
}

function readCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new GatewayError('BAD_REQUEST', 'cursor must be the nextCursor of the page before', {
    details: { field: 'cursor' },
  });
}

function notFound(id: string): GatewayError {
  return new GatewayError('WEBHOOK_NOT_FOUND', undefined, { details: { webhookId: id } });
}
