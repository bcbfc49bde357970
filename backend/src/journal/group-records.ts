import type { KeyMutations } from './records.js';

/** One member of a group. `id` is the address that the group uses; the other one comes along when WhatsApp tells it. */
export interface StoredMember {
  id: string;
  phoneNumber?: string | undefined;
  lid?: string | undefined;
  admin?: 'admin' | 'superadmin' | null | undefined;
}

/** A group as it was last heard of: Baileys' `GroupMetadata` (lib/Types/GroupMetadata.d.ts), as far as it is read here. */
export interface StoredGroup {
  id: string;
  subject: string;
  participants: StoredMember[];
  /** Seconds after which its messages disappear. */
  ephemeralDuration?: number | undefined;
}

/** `fetchedAt`: when WhatsApp was asked for all of it, ms since the epoch; its notifications have been applied since. */
export interface GroupRecord<G extends StoredGroup = StoredGroup> {
  fetchedAt: number;
  group: G;
}

type Keys = { getKeys(connectionId: string, type: string, ids: readonly string[]): Record<string, unknown> };

// Beside Baileys' own keys: they live, are sealed, backed up and deleted with the connection, and survive restarts.
const KEY_TYPE = 'group-metadata';

/** Null when this connection knows no such group. */
export function readGroup<G extends StoredGroup>(keys: Keys, connectionId: string, jid: string): GroupRecord<G> | null {
  return (keys.getKeys(connectionId, KEY_TYPE, [jid])[jid] as GroupRecord<G> | undefined) ?? null;
}

/** For a commit; null forgets the group. */
export function groupMutations(jid: string, record: GroupRecord | null): KeyMutations {
  return { [KEY_TYPE]: { [jid]: record } };
}

/** The addresses of a member, each without device. */
export function addressesOf({ id, phoneNumber, lid }: StoredMember): { pn: string | null; lid: string | null } {
  const given = [id, phoneNumber, lid].filter((jid) => jid !== undefined);
  const ending = (server: string) => given.find((jid) => jid.endsWith(server)) ?? null;
  return { pn: ending('@s.whatsapp.net'), lid: ending('@lid') };
}
