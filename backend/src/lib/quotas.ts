import { GatewayError, type ErrorCode } from './errors.js';

/** How much of each thing one owner may have. */
export interface Quotas {
  readonly connections: number;
  readonly apiKeys: number;
  readonly webhooks: number;
  readonly templates: number;
  readonly scheduled: number;
  readonly uploads: number;
}

/** All that a key or a user token could make without end: the error it ends in, and the setting that decides. */
export const QUOTAS: Record<keyof Quotas, { code: ErrorCode; setting: string; things: string; remedy: string }> = {
  connections: {
    code: 'CONNECTION_LIMIT',
    setting: 'MAX_CONNECTIONS_PER_OWNER',
    things: 'connections',
    remedy: 'delete one',
  },
  apiKeys: { code: 'API_KEY_LIMIT', setting: 'MAX_KEYS_PER_OWNER', things: 'API keys', remedy: 'revoke one' },
  webhooks: { code: 'WEBHOOK_LIMIT', setting: 'MAX_WEBHOOKS_PER_OWNER', things: 'webhooks', remedy: 'delete one' },
  templates: { code: 'TEMPLATE_LIMIT', setting: 'MAX_TEMPLATES_PER_OWNER', things: 'templates', remedy: 'delete one' },
  scheduled: {
    code: 'SCHEDULED_LIMIT',
    setting: 'MAX_SCHEDULED_PER_OWNER',
    things: 'scheduled messages that wait',
    remedy: 'cancel one',
  },
  uploads: {
    code: 'RATE_LIMITED',
    setting: 'MAX_UPLOADS_PER_OWNER',
    things: 'uploads at once',
    remedy: 'wait for one to end',
  },
};

/** @param used how many there are before this one. @throws GatewayError the quota's code, naming its setting */
export function assertWithin(quotas: Quotas, what: keyof Quotas, used: number): void {
  const limit = quotas[what];
  if (used < limit) return;
  const { code, setting, things, remedy } = QUOTAS[what];
  throw new GatewayError(code, `An owner has at most ${limit} ${things} (${setting}): ${remedy} first.`, {
    details: { limit, setting, ...(code === 'RATE_LIMITED' && { retryAfterS: 1 }) },
  });
}
