import type { ConnectionRecord } from '../journal/records.js';
import { GatewayError } from '../lib/errors.js';
import { userOfInstance } from '../lib/instance-name.js';
import type { CreateConnectionInput, Scope } from './resources.js';

/** Whether a caller may see and touch this connection. Whoever may not is told that there is none. */
export function mayUse(
  record: Pick<ConnectionRecord, 'connectionId' | 'ownerId' | 'companyId'>,
  scope: Scope | null,
): boolean {
  if (!scope) return true;
  if (!isAmong(record.connectionId, scope)) return false;
  return record.ownerId === scope.ownerId || (record.companyId !== null && scope.companyIds.includes(record.companyId));
}

/**
 * A company sees the conversations of its connections, so nobody gives it one but who belongs to it.
 * @throws GatewayError `FORBIDDEN`
 */
export function assertMayCreate(input: CreateConnectionInput, ownerId: string, scope: Scope | null): void {
  if (!scope) return;
  if (ownerId !== scope.ownerId) throw new GatewayError('FORBIDDEN', 'ownerId must be your own id.');
  if (input.companyId && !scope.companyIds.includes(input.companyId)) {
    throw new GatewayError('FORBIDDEN', 'companyId must be a company of yours.');
  }
  if (!isAmong(input.connectionId, scope)) {
    throw new GatewayError('FORBIDDEN', 'This key is limited to other connections.');
  }
}

/**
 * `user_<userId>` is the instance of that user: nobody else may take the name, or the user could never connect. The operator
 * may: `user_1` was an ordinary name before texts could be users.
 * @throws GatewayError `FORBIDDEN`
 */
export function assertNameIsFree(connectionId: string, ownerId: string, scope: Scope | null): void {
  const user = userOfInstance(connectionId);
  if (user === null || user.id === ownerId || (scope === null && user.text !== null)) return;
  throw new GatewayError('FORBIDDEN', `${connectionId} is reserved: it is the instance of that user.`);
}

export function isAmong(connectionId: string, { connections }: Scope): boolean {
  return connections === undefined || connections.some((one) => one.connectionId === connectionId);
}
