import { GatewayError } from '../lib/errors.js';
import type { RowScope } from './rows.js';

/** The shape of every id in the tables. */
export const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** A PostgREST `or` filter: rows of this owner or of these companies. @throws GatewayError `FORBIDDEN` (no UUIDs) */
export function scopeFilter(scope: NonNullable<RowScope>): string {
  const ids = [scope.ownerId, ...scope.companyIds];
  if (!ids.every((id) => UUID.test(id))) throw new GatewayError('FORBIDDEN', 'Owner and company ids are UUIDs.');
  const companies = scope.companyIds.length > 0 ? `,company_id.in.(${scope.companyIds.join(',')})` : '';
  return `owner_id.eq.${scope.ownerId}${companies}`;
}

/** The same as the functions of the migrations read it. */
export function scopeArgument(scope: RowScope): { owner_id: string; company_ids: string[] } | null {
  return scope && { owner_id: scope.ownerId, company_ids: scope.companyIds };
}
