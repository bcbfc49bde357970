import type { StoredNode } from '../journal/records.js';
import type { StoredMember } from '../journal/group-records.js';

/** One change of a group, as a `<notification type="w:gp2">` tells it (lib/Socket/messages-recv.js,
 *  `handleGroupNotification`, reads the same attributes). */
export interface GroupNotice {
  /** The child's tag: `add`, `remove`, `subject`, …; one that we have never seen is kept as it is. */
  action: string;
  /** Who did it; null when WhatsApp does not say. */
  actor: { jid: string; other: string | null; name: string | null } | null;
  /** Whom it was done to. */
  members: StoredMember[];
  /** The new subject, description, invite code, seconds or state; null when there is none (any more). */
  value: string | null;
  /** How a member came in, for example `invite`. */
  reason: string | null;
}

/** Where each action has its value. */
const VALUES: Record<string, (node: StoredNode) => string | null> = {
  subject: ({ attrs }) => attrs.subject ?? null,
  create: (node) => child(node, 'group')?.attrs.subject ?? node.attrs.subject ?? null,
  description: (node) => textOf(child(node, 'body')),
  invite: ({ attrs }) => attrs.code ?? null,
  ephemeral: ({ attrs }) => attrs.expiration ?? null,
  member_add_mode: (node) => textOf(node),
  membership_approval_mode: (node) => child(node, 'group_join')?.attrs.state ?? null,
};

/** All changes that one notification tells, in its order; none when it is not about a group. */
export function groupNotices(node: StoredNode): GroupNotice[] {
  if (!isGroupNotification(node)) return [];
  const { participant, participant_pn, participant_lid, notify } = node.attrs;
  const other = participant_pn ?? participant_lid ?? null;
  const actor = participant ? { jid: participant, other, name: notify || null } : null;
  return children(node).map((each) => ({
    action: node.attrs.type === 'picture' ? 'picture' : each.tag,
    actor,
    members: children(each)
      .filter(({ tag, attrs }) => tag === 'participant' && attrs.jid)
      .map(memberOf),
    value: node.attrs.type === 'picture' ? (each.attrs.id ?? null) : (VALUES[each.tag]?.(each) ?? null),
    reason: each.attrs.reason ?? null,
  }));
}

/** Whether people of a group are told of it: changes of the group and of its picture. */
export function isGroupNotification({ attrs }: { attrs: Record<string, string> }): boolean {
  return attrs.type === 'w:gp2' || (attrs.type === 'picture' && (attrs.from?.endsWith('@g.us') ?? false));
}

function memberOf({ attrs }: StoredNode): StoredMember {
  return {
    id: attrs.jid!,
    ...(attrs.phone_number && { phoneNumber: attrs.phone_number }),
    ...(attrs.lid && { lid: attrs.lid }),
    admin: attrs.type === 'admin' || attrs.type === 'superadmin' ? attrs.type : null,
  };
}

function children(node: StoredNode): StoredNode[] {
  return Array.isArray(node.content) ? node.content : [];
}

function child(node: StoredNode, tag: string): StoredNode | undefined {
  return children(node).find((each) => each.tag === tag);
}

function textOf(node: StoredNode | undefined): string | null {
  if (!node || node.content === undefined || Array.isArray(node.content)) return null;
  return typeof node.content === 'string' ? node.content : Buffer.from(node.content).toString('utf8');
}
