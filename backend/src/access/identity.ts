import type { Scope } from '../integration/resources.js';

/** What a key can be made for: see, write messages, change connections. Each is given by itself. */
export const GRANTS = ['read', 'send', 'manage'] as const;
export type Grant = (typeof GRANTS)[number];

/** Who calls, once it is known. */
export interface Identity {
  /** `root`, `anonymous` (nobody asks for a key), `key:<id>` or `user:<uuid>`: for limits, idempotency keys, the audit. */
  name: string;
  /** `root` may do everything, also what concerns the gateway as a whole. */
  grants: ReadonlySet<Grant> | 'root';
  /** Whose rows and connections; null = all. */
  scope: Scope | null;
  /** Requests a minute; null = HTTP_RATE_PER_MINUTE. */
  ratePerMinute: number | null;
  /** When the key or token ends, ms since the epoch; absent = when somebody ends it. */
  expiresAt?: number;
}

/** The key of the settings. */
export const ROOT: Identity = { name: 'root', grants: 'root', scope: null, ratePerMinute: null };
/** A program on this machine while no key is set. */
export const ANONYMOUS: Identity = { name: 'anonymous', grants: 'root', scope: null, ratePerMinute: null };
