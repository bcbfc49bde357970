import type { AddressPolicy } from '../egress/address-policy.js';
import { guardedAgent } from '../egress/guarded-agent.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { WebhookDispatcher } from '../notifications/webhooks/webhook-dispatcher.js';
import { qrImage } from './qr-image.js';

/** The dispatcher on this gateway's journal, with a way out that leads to allowed addresses only. */
export function webhookDispatcher(deps: {
  journal: Journal;
  policy: AddressPolicy;
  version: string;
  clock: Clock;
  log: Log;
}): WebhookDispatcher {
  const { journal, policy, version, clock, log } = deps;
  return new WebhookDispatcher({
    store: journal.webhooks,
    openAgent: () =>
      guardedAgent({
        ...{ policy, connectTimeoutMs: 10_000, headersTimeoutMs: 15_000, bodyTimeoutMs: 5_000, connections: 4 },
      }),
    ...{ version, clock, log, qrImage },
    connectionOf: (id) => journal.getConnection(id),
  });
}
