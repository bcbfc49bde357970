import type { WebhookRecord } from '../../journal/webhooks/records.js';
import type { WebhookStore } from '../../journal/webhooks/webhook-store.js';
import type { Clock } from '../../lib/clock.js';
import type { TypedEmitter } from '../../lib/typed-emitter.js';
import type { PostResult } from './post-event.js';

export interface WebhookHealthEvents {
  /** No delivery has succeeded for a while. */
  failing: { webhookId: string; name: string; error: string };
  /** It was switched off, by the receiver (410) or after lasting failure; its line is kept. */
  disabled: { webhookId: string; name: string; reason: string };
}

/** A short outage of a receiver is nothing to wake a person for. */
const ALERT_AFTER_MS = 15 * 60 * 1000;
/** As long as a single event is tried. */
const DISABLE_AFTER_MS = 3 * 24 * 60 * 60 * 1000;

/** Since when each webhook fails, kept with it; alerts once, then switches it off. */
export class WebhookHealth {
  readonly #alerted = new Set<string>();

  constructor(
    private readonly deps: { store: WebhookStore; clock: Clock; events: TypedEmitter<WebhookHealthEvents> },
  ) {}

  /** @returns whether the receiver has just come back */
  async note({ id }: WebhookRecord, result: PostResult): Promise<boolean> {
    const webhook = this.deps.store.get(id);
    if (webhook === null) return false;
    if (result.verdict === 'done') return this.#works(webhook);
    if (result.verdict === 'gone') await this.#disable(webhook, 'the receiver answered 410 Gone');
    else await this.#fails(webhook, result.error ?? 'unknown');
    return false;
  }

  async #works({ id, failingSince }: WebhookRecord): Promise<boolean> {
    this.#alerted.delete(id);
    if (failingSince === null) return false;
    await this.deps.store.update(id, (now) => ({ ...now, failingSince: null }));
    return true;
  }

  async #fails({ id, name, failingSince }: WebhookRecord, error: string): Promise<void> {
    const now = this.deps.clock.now();
    if (failingSince === null) {
      await this.deps.store.update(id, (record) => ({ ...record, failingSince: record.failingSince ?? now }));
      return;
    }
    if (now - failingSince >= DISABLE_AFTER_MS) {
      return this.#disable({ id, name }, `no delivery has succeeded for 3 days (${error})`);
    }
    if (now - failingSince < ALERT_AFTER_MS || this.#alerted.has(id)) return;
    this.#alerted.add(id);
    this.deps.events.emit('failing', { webhookId: id, name, error });
  }

  async #disable({ id, name }: Pick<WebhookRecord, 'id' | 'name'>, reason: string): Promise<void> {
    const updatedAt = this.deps.clock.now();
    const before = this.deps.store.get(id)?.state;
    await this.deps.store.update(id, (now) => ({ ...now, state: 'disabled', reason, updatedAt }));
    if (before === 'active') this.deps.events.emit('disabled', { webhookId: id, name, reason });
  }
}
