import type { ConnectionRecord } from '../journal/records.js';
import type { WebhookRecord } from '../journal/webhooks/records.js';
import { GatewayError } from '../lib/errors.js';
import type { Scope } from './resources.js';
import { mayUse } from './scope.js';
import type { CreateWebhookInput } from './webhook-resources.js';

/** Whose events a webhook hears; both null = everybody's, and the gateway's own. */
type Whose = Pick<WebhookRecord, 'ownerId'> & { companyId: string | null };

/** Whoever may not use a webhook is told that there is none. A key for some connections has only webhooks of those. */
export function mayUseWebhook(webhook: WebhookRecord, scope: Scope | null): boolean {
  if (scope === null) return true;
  const { ownerId, companyId = null, connectionId } = webhook;
  const named = scope.connections?.some((one) => one.connectionId === connectionId) ?? true;
  return named && (companyId === null ? ownerId === scope.ownerId : scope.companyIds.includes(companyId));
}

/**
 * To whom a new webhook belongs: whom the caller named, else the owner of the connection that it is for (or, when the
 * caller only has it by a company, that company), else the caller.
 * @throws GatewayError `FORBIDDEN`, `CONNECTION_NOT_FOUND`
 */
export function whoseWebhook(
  { ownerId = null, companyId = null, connectionId = null }: CreateWebhookInput,
  scope: Scope | null,
  find: (connectionId: string) => ConnectionRecord | null,
): Whose {
  assertMayName({ ownerId, companyId }, scope);
  if (connectionId === null) {
    if (scope?.connections) throw new GatewayError('FORBIDDEN', 'connectionId must be a connection of this key');
    return { ownerId: companyId === null ? (ownerId ?? scope?.ownerId ?? null) : null, companyId };
  }
  const connection = find(connectionId);
  const fits =
    connection !== null &&
    mayUse(connection, scope) &&
    (ownerId === null || connection.ownerId === ownerId) &&
    (companyId === null || connection.companyId === companyId);
  if (!fits) throw new GatewayError('CONNECTION_NOT_FOUND', undefined, { details: { connectionId } });
  const byCompany = companyId !== null || (scope !== null && connection.ownerId !== scope.ownerId);
  return byCompany
    ? { ownerId: null, companyId: connection.companyId }
    : { ownerId: connection.ownerId, companyId: null };
}

function assertMayName({ ownerId, companyId }: Whose, scope: Scope | null): void {
  if (scope === null) return;
  if (ownerId !== null && ownerId !== scope.ownerId) throw new GatewayError('FORBIDDEN', 'ownerId must be your own id');
  if (companyId !== null && !scope.companyIds.includes(companyId)) {
    throw new GatewayError('FORBIDDEN', 'companyId must be a company of yours');
  }
}
