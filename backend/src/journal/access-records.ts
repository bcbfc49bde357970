import type { PartyTexts } from '../lib/party.js';

/** One of the (at most two) secrets that an API key is presented with. */
export interface KeySecret {
  /** sha256 of the whole key, hex. 256 random bits need no slow hash: nothing can be guessed. */
  sha256: string;
  /** ms since the epoch: not accepted from then on; null = as long as the key. */
  until: number | null;
}

/** An API key: what authenticates requests, whether the database is there or not. */
export interface ApiKeyRecord {
  /** UUID; also in the key's text, so that it is found without trying all. */
  id: string;
  name: string;
  /** `read`, `send`, `manage`. */
  grants: string[];
  ownerId: string;
  /** Companies whose rows and connections it may touch beside the owner's. */
  companyIds: string[];
  /** Texts that these ids were made of; absent when all were UUIDs. */
  texts?: PartyTexts;
  /** null = all connections of the owner and the companies. */
  connectionIds: string[] | null;
  /** null = HTTP_RATE_PER_MINUTE. */
  ratePerMinute: number | null;
  /** The newest first. */
  secrets: KeySecret[];
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  lastUsedAt: number | null;
  /** The table has it like this; false = it was changed here since. */
  mirrored: boolean;
}

/** Who did what, without what it said. Waits here until its row exists. */
export interface AuditRecord {
  /** UUID of the row. */
  id: string;
  at: number;
  /** `root`, `anonymous`, `key:<id>`, `user:<uuid>`. */
  caller: string;
  ownerId: string | null;
  /** `operationId` of the route. */
  operation: string;
  connectionId: string | null;
  /** What the path named: `{ id: 'loja-1' }`. */
  target: Record<string, string>;
  /** HTTP status of the answer, and the code of its error. */
  status: number;
  error: string | null;
  requestId: string;
  address: string | null;
}
