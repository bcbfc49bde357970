import type { WebhookFormat } from '../journal/webhooks/records.js';
import type { AddressPolicy } from '../egress/address-policy.js';
import { urlProblem } from '../egress/target-url.js';
import { GatewayError } from '../lib/errors.js';
import { ENVELOPES } from '../notifications/webhooks/envelopes/table.js';
import { secretKey } from '../notifications/webhooks/signature.js';

/** What the fields of a webhook must be together, beyond what each must be alone. @throws BAD_REQUEST, FORBIDDEN_DESTINATION */
export function assertWebhookFields(
  webhook: { url: string; formato: WebhookFormat; events: readonly string[]; secret: string | null },
  policy: AddressPolicy,
): void {
  const badUrl = urlProblem(webhook.url, policy);
  if (badUrl !== null)
    throw problem(badUrl.includes('OUTGOING_') ? 'FORBIDDEN_DESTINATION' : 'BAD_REQUEST', 'url', badUrl);
  const mute = webhook.events.filter((type) => type !== '*' && !speaks(webhook.formato, type));
  if (mute.length > 0) {
    const words = ENVELOPES[webhook.formato].words.filter((type) => type !== 'test');
    throw problem('BAD_REQUEST', 'events', `must be types that ${webhook.formato} has: ${words.join(', ')}`);
  }
  if (webhook.secret !== null && webhook.formato !== 'waha' && secretKey(webhook.secret) === null) {
    throw problem('BAD_REQUEST', 'secret', 'must be whsec_ and 24 to 64 bytes in base64; only waha takes any text');
  }
}

/** `*` in a format that does not have every type means all that it has. */
export function effectiveEvents(formato: WebhookFormat, events: readonly string[]): string[] {
  if (!events.includes('*')) return [...new Set(events)];
  return formato === 'sentinela' ? ['*'] : ENVELOPES[formato].words.filter((type) => type !== 'test');
}

function speaks(formato: WebhookFormat, type: string): boolean {
  return (ENVELOPES[formato].words as readonly string[]).includes(type);
}

function problem(code: 'BAD_REQUEST' | 'FORBIDDEN_DESTINATION', field: string, text: string): GatewayError {
  return new GatewayError(code, `body.${field} ${text}`, { details: [{ field: `body.${field}`, problem: text }] });
}
