import { createHmac, randomBytes } from 'node:crypto';
import type { WebhookSecret } from '../../journal/webhooks/records.js';
import { withoutTrailing } from '../../lib/text.js';

const PREFIX = 'whsec_';

/** A secret as the Standard Webhooks specification writes it: `whsec_` and 24 to 64 random bytes in base64. */
export function newSecret(): string {
  return PREFIX + randomBytes(32).toString('base64');
}

/** The key inside a `whsec_` secret; null when it is none. */
export function secretKey(secret: string): Buffer | null {
  if (!secret.startsWith(PREFIX)) return null;
  const text = secret.slice(PREFIX.length);
  const key = Buffer.from(text, 'base64');
  const isBase64 = withoutTrailing(key.toString('base64'), '=') === withoutTrailing(text, '=');
  return isBase64 && key.length >= 24 && key.length <= 64 ? key : null;
}

/** Those that sign now: the current one, and an old one until its time is over. */
export function signingSecrets(secrets: readonly WebhookSecret[], now: number): string[] {
  return secrets.filter(({ until }) => until === null || until > now).map(({ value }) => value);
}

/**
 * Headers of the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`, one signature a secret.
 * @param now ms since the epoch
 */
export function standardHeaders(
  message: { id: string; body: string; now: number },
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(message.now / 1000));
  const keys = secrets.map(secretKey).filter((key) => key !== null);
  const signed = `${message.id}.${timestamp}.${message.body}`;
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  };
}

/** What a WAHA server sends: HMAC-SHA512 over the body alone, keyed with the secret's text. */
export function wahaHeaders(
  message: { id: string; body: string; now: number },
  secrets: readonly string[],
): Record<string, string> {
  const [current] = secrets;
  return {
    'X-Webhook-Request-Id': message.id,
    'X-Webhook-Timestamp': String(message.now),
    ...(current !== undefined && {
      'X-Webhook-Hmac': createHmac('sha512', current).update(message.body).digest('hex'),
      'X-Webhook-Hmac-Algorithm': 'sha512',
    }),
  };
}
