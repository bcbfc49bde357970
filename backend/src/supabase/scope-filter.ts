import { GatewayError } from '../lib/errors.js';
import type { RowScope } from './rows.js';

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * The condition that leaves a caller their own rows, for `query.or(…)`. Everything in it is a checked UUID: it becomes
 * part of a filter's text.
 * @param sessionColumn the column that names the row's session
 * @throws GatewayError `FORBIDDEN` for ids that are no UUIDs
 */
export function scopeFilter(scope: NonNullable<RowScope>, sessionColumn: 'session_id' | 'id' = 'session_id'): string {
  const sessions = scope.connections?.flatMap(({ rowId }) => rowId ?? []);
  const ids = [scope.ownerId, ...scope.companyIds, ...(sessions ?? [])];
  if (!ids.every((id) => UUID.test(id))) throw new GatewayError('FORBIDDEN', 'Owner and company ids are UUIDs.');
  const companies = scope.companyIds.length > 0 ? `,company_id.in.(${scope.companyIds.join(',')})` : '';
  const theirs = `owner_id.eq.${scope.ownerId}${companies}`;
  if (sessions === undefined) return theirs;
  // No session: no row has a null owner.
  if (sessions.length === 0) return 'owner_id.is.null';
  return `and(${sessionColumn}.in.(${sessions.join(',')}),or(${theirs}))`;
}
