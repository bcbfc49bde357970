import { GatewayError } from '../lib/errors.js';
import type { RowScope } from './rows.js';

/** The shape of every id in the tables. */
export const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * The condition that leaves a caller their own rows, for `query.or(…)`. Everything in it is a checked UUID: it becomes
 * part of a filter's text.
 * @param sessionColumn the column that names the row's session
 * @throws GatewayError `FORBIDDEN` for ids that are no UUIDs
 */
export function scopeFilter(scope: NonNullable<RowScope>, sessionColumn: 'session_id' | 'id' = 'session_id'): string {
  const sessions = sessionsOf(scope);
  const ids = [scope.ownerId, ...scope.companyIds, ...(sessions ?? [])];
  if (!ids.every((id) => UUID.test(id))) throw new GatewayError('FORBIDDEN', 'Owner and company ids are UUIDs.');
  const companies = scope.companyIds.length > 0 ? `,company_id.in.(${scope.companyIds.join(',')})` : '';
  const theirs = `owner_id.eq.${scope.ownerId}${companies}`;
  if (sessions === null) return theirs;
  // No session: no row has a null owner.
  if (sessions.length === 0) return 'owner_id.is.null';
  return `and(${sessionColumn}.in.(${sessions.join(',')}),or(${theirs}))`;
}

/** The same as the functions of the migrations read it (`sentinela.no_escopo`); `session_ids` null = of all sessions. */
export function scopeArgument(
  scope: RowScope,
): { owner_id: string; company_ids: string[]; session_ids: string[] | null } | null {
  return scope && { owner_id: scope.ownerId, company_ids: scope.companyIds, session_ids: sessionsOf(scope) };
}

/** The sessions that the scope is limited to; a connection without a row yet has no rows of anything else either. */
function sessionsOf({ connections }: NonNullable<RowScope>): string[] | null {
  return connections?.flatMap(({ rowId }) => rowId ?? []) ?? null;
}
