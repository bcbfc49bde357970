/** Who listens, as far as sockets need to know (the identity of `src/access`, by shape). */
export interface SocketCaller {
  /** `root`, `anonymous`, `key:<id>` or `user:<uuid>`. */
  name: string;
  grants: ReadonlySet<string> | 'root';
  /** null = everything. */
  scope: CallerScope | null;
  /** When the credential ends, ms since the epoch; absent = when somebody ends it. */
  expiresAt?: number;
}

interface CallerScope {
  ownerId: string;
  companyIds: readonly string[];
  /** Absent = all connections of the owner and the companies. */
  connections?: readonly { connectionId: string }[];
}

export function may(grant: 'read' | 'manage', { grants }: Pick<SocketCaller, 'grants'>): boolean {
  return grants === 'root' || grants.has(grant);
}
