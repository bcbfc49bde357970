import { archiveAuth, deleteAuth, getCreds, replaceAuth } from './auth-keys.js';
import { getOrphanSightings, listAuthOwners, setOrphanSightings } from './auth-owners.js';
import type { JournalContext } from './context.js';
import type { KeyMutations } from './records.js';

/**
 * The auth states of connections as wholes: credentials with all their keys, whose they are, and how one goes. What a
 * living connection changes of its own is part of a `Journal.commit`; single keys are read by `Journal.getKeys`.
 */
export class AuthStates {
  constructor(private readonly context: JournalContext) {}

  /** Baileys' credentials, Buffers as Buffers; null when there are none. */
  creds(connectionId: string): unknown {
    return getCreds(this.context.tables, connectionId);
  }

  /** Forgets credentials and keys. Revoke the epoch and let it settle first. */
  delete(connectionId: string): Promise<void> {
    return deleteAuth(this.context, connectionId);
  }

  /** Like `delete`, but keeps a copy with the reason for 30 days. */
  archive(connectionId: string, reason: string): Promise<void> {
    return archiveAuth(this.context, connectionId, reason);
  }

  /** Puts a whole auth state in the place of another one, in one commit. */
  replace(connectionId: string, auth: { creds: unknown; mutations: KeyMutations }): Promise<void> {
    return replaceAuth(this.context, connectionId, auth);
  }

  /** Connection ids that have an auth state. */
  owners(): string[] {
    return listAuthOwners(this.context.tables);
  }

  /** When each orphan was reported first, by its name. */
  orphanSightings(): Record<string, number> {
    return getOrphanSightings(this.context.tables);
  }

  setOrphanSightings(sightings: Record<string, number>): Promise<void> {
    return setOrphanSightings(this.context, sightings);
  }
}
