import type { ApiKeyRecord } from '../journal/access-records.js';
import { textOf } from '../lib/party.js';

/** An API key as the API shows it: never its text, nor a digest of it. Times are ISO 8601 in UTC. */
export interface ApiKeyResource {
  id: string;
  name: string;
  grants: string[];
  ownerId: string;
  /** The text that the id was made of; null for a UUID. */
  ownerText: string | null;
  companyIds: string[];
  /** In the order of `companyIds`. */
  companyTexts: (string | null)[];
  /** null = all connections of the owner and the companies. */
  connectionIds: string[] | null;
  ratePerMinute: number | null;
  state: 'active' | 'expired' | 'revoked';
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
  /** Until when the text before the last rotation works, too; null = there is none. */
  previousUntil: string | null;
}

export function presentApiKey(record: ApiKeyRecord, now: number): ApiKeyResource {
  const { id, name, grants, ownerId, companyIds, connectionIds, ratePerMinute } = record;
  const previous = record.secrets.find(({ until }) => until !== null && until > now);
  return {
    ...{ id, name, grants, ownerId, companyIds, connectionIds, ratePerMinute, state: stateOf(record, now) },
    ownerText: textOf(record.texts, ownerId),
    companyTexts: companyIds.map((company) => textOf(record.texts, company)),
    createdAt: new Date(record.createdAt).toISOString(),
    expiresAt: iso(record.expiresAt),
    revokedAt: iso(record.revokedAt),
    lastUsedAt: iso(record.lastUsedAt),
    previousUntil: iso(previous?.until ?? null),
  };
}

function stateOf({ revokedAt, expiresAt }: ApiKeyRecord, now: number): ApiKeyResource['state'] {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active';
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
