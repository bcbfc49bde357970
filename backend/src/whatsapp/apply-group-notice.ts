import { areJidsSameUser, jidDecode, type GroupMetadata, type GroupParticipant } from '@whiskeysockets/baileys';
import type { GroupNotice } from './group-notice.js';

type Change = (group: GroupMetadata, notice: GroupNotice) => GroupMetadata;

/** What each change does to a group that is known. An action without a row changes nothing that is kept. */
const CHANGES: Record<string, Change> = {
  add: (group, { members }) => withParticipants(group, [...without(group, members), ...members.map(participantOf)]),
  remove: (group, { members }) => withParticipants(group, without(group, members)),
  leave: (group, { members }) => withParticipants(group, without(group, members)),
  promote: (group, { members }) => withAdmin(group, members, 'admin'),
  demote: (group, { members }) => withAdmin(group, members, null),
  subject: (group, { value }) => ({ ...group, subject: value ?? group.subject }),
  // The id of the new one is not told; Baileys asks for it before it replaces one.
  description: ({ desc: _desc, descId: _id, ...group }, { value }) =>
    value === null ? group : { ...group, desc: value },
  announcement: (group) => ({ ...group, announce: true }),
  not_announcement: (group) => ({ ...group, announce: false }),
  locked: (group) => ({ ...group, restrict: true }),
  unlocked: (group) => ({ ...group, restrict: false }),
  ephemeral: (group, { value }) => ({ ...group, ephemeralDuration: Number(value) || 0 }),
  not_ephemeral: ({ ephemeralDuration: _duration, ...group }) => group,
  member_add_mode: (group, { value }) => ({ ...group, memberAddMode: value === 'all_member_add' }),
  membership_approval_mode: (group, { value }) => ({ ...group, joinApprovalMode: value === 'on' }),
};

/**
 * A group after a change; the same object when nothing that is kept has changed. Applying a change twice is the same as
 * once, since a notification may come again.
 * @returns null when it cannot be known any more: this number is not a member now, or somebody has a new number
 */
export function applyGroupNotice(group: GroupMetadata, notice: GroupNotice, me: string[]): GroupMetadata | null {
  if (notice.action === 'modify' || notice.action === 'delete') return null;
  const isMe = ({ id, phoneNumber, lid }: GroupNotice['members'][number]) =>
    [id, phoneNumber, lid].some((jid) => jid !== undefined && me.some((mine) => areJidsSameUser(mine, jid)));
  const leaves = notice.action === 'remove' || notice.action === 'leave';
  if (leaves && notice.members.some(isMe)) return null;
  return CHANGES[notice.action]?.(group, notice) ?? group;
}

type Member = GroupNotice['members'][number];

function withParticipants(group: GroupMetadata, participants: GroupParticipant[]): GroupMetadata {
  return { ...group, participants, size: participants.length };
}

function without(group: GroupMetadata, members: Member[]): GroupParticipant[] {
  const isOne = isOneOf(members);
  return group.participants.filter((participant) => !isOne(participant));
}

function withAdmin(group: GroupMetadata, members: Member[], admin: 'admin' | null): GroupMetadata {
  const isOne = isOneOf(members);
  const participants = group.participants.map((each) => (isOne(each) ? { ...each, admin } : each));
  return { ...group, participants };
}

/** Whether somebody is among `members`, by any address: each is looked up, since a group has a thousand members. */
function isOneOf(members: Member[]): (someone: Addresses) => boolean {
  const users = new Set(members.flatMap(usersOf));
  return (someone) => usersOf(someone).some((user) => users.has(user));
}

type Addresses = Pick<Member, 'id' | 'phoneNumber' | 'lid'>;

/** As `areJidsSameUser` compares them. */
function usersOf({ id, phoneNumber, lid }: Addresses): string[] {
  return [id, phoneNumber, lid].flatMap((jid) => jidDecode(jid)?.user ?? []);
}

/** By any of their addresses. */
export function isSame(a: Pick<Member, 'id' | 'phoneNumber' | 'lid'>, b: Pick<Member, 'id' | 'phoneNumber' | 'lid'>) {
  const [these, those] = [a, b].map(({ id, phoneNumber, lid }) => [id, phoneNumber, lid].filter(Boolean));
  return these!.some((jid) => those!.some((other) => areJidsSameUser(jid, other)));
}

function participantOf({ id, phoneNumber, lid, admin = null }: Member): GroupParticipant {
  return { id, ...(phoneNumber && { phoneNumber }), ...(lid && { lid }), admin };
}
