import type { ConnectionRecord } from '../../journal/records.js';
import { GatewayError } from '../../lib/errors.js';
import type { Party } from '../../lib/party.js';
import type { Scope } from '../resources.js';
import { isAmong, mayUse } from '../scope.js';

/** Whose instance, and on whose word. */
export interface InstanceCall {
  user: Party;
  /** Given to an instance that is made now; one that is there keeps its own. */
  organization: Party | null;
  /** null: the root key. */
  scope: Scope | null;
  /** A program with an API key, which may act for the users of its companies; a signed-in user acts for nobody else. */
  isProgram: boolean;
}

/**
 * Who may make or start this user's instance: the user, a program of the user's company, and the root key.
 * @param name of the instance
 * @throws GatewayError `FORBIDDEN`
 */
export function assertMayConnect({ user, organization, scope, isProgram }: InstanceCall, name: string): void {
  if (!scope) return;
  if (organization !== null && !scope.companyIds.includes(organization.id)) {
    throw new GatewayError('FORBIDDEN', 'organizationId must be an organisation of yours.');
  }
  const forOthers = isProgram && organization !== null;
  if (user.id !== scope.ownerId && !forOthers) {
    const fix = isProgram ? ' Name an organizationId of this key to act for a user of it.' : '';
    throw new GatewayError('FORBIDDEN', `userId must be your own id.${fix}`);
  }
  if (!isAmong(name, scope)) {
    throw new GatewayError('FORBIDDEN', 'This key is limited to other connections.');
  }
}

/**
 * An instance that is there is the caller's, and all who read it are of the caller's company: whoever would link a phone
 * to somebody else's organisation would hand it the conversations.
 * @throws GatewayError `CONNECTION_TAKEN`
 */
export function assertIsTheirs(record: ConnectionRecord, { user, scope }: InstanceCall): void {
  const isTheirs = record.ownerId === user.id && mayUse(record, scope);
  const isAmongUs = !scope || record.companyId === null || scope.companyIds.includes(record.companyId);
  if (isTheirs && isAmongUs) return;
  throw new GatewayError('CONNECTION_TAKEN', 'This instance belongs to another owner or organisation.', {
    details: { connectionId: record.connectionId },
  });
}
