import { userOfInstance } from '../lib/instance-name.js';
import type { InstanceRow, SessionOwner } from '../supabase/instances.js';

/** Whose an instance without `user_id` is, as far as names tell. */
export interface Finding {
  instance: InstanceRow;
  /** null: a person must say it. */
  user: { userId: string; organizationId: string | null } | null;
  /** Where the user is known from, or why it stays as it is. */
  reason: string;
}

/**
 * The instances that have no user. A name `user_<userId>` says whose it is, else the connection of the same name does; a user
 * who has an instance already gets no second one.
 */
export function findingsOf(instances: readonly InstanceRow[], owners: readonly SessionOwner[]): Finding[] {
  const taken = new Map(instances.flatMap((row) => (row.user_id ? [[row.user_id, row.instance_name]] : [])));
  const ownerOf = new Map(owners.map((owner) => [owner.session_name, owner]));
  return instances
    .filter((row) => row.user_id === null)
    .map((instance) => {
      const { instance_name: name, organization_id: known } = instance;
      const byName = userOfInstance(name)?.id;
      const session = ownerOf.get(name);
      const userId = byName ?? session?.owner_id;
      if (userId === undefined) return { instance, user: null, reason: 'neither its name nor a connection tells' };
      const other = taken.get(userId);
      if (other !== undefined) return { instance, user: null, reason: `user ${userId} already has ${other}` };
      taken.set(userId, name);
      const user = { userId, organizationId: known ?? session?.company_id ?? null };
      return { instance, user, reason: byName ? 'by its name' : 'by the connection of that name' };
    });
}
