import { randomInt } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { Contact } from './contact.js';
import type { Subscriber } from './directory.js';
import type { Group } from './group.js';
import { Phone } from './phone.js';
import { node, seconds } from './stanzas.js';
import type { World } from './world.js';

/** What somebody does in a group. Rights are checked where queries are answered; here it simply happens. */
export type GroupAction =
  | { kind: 'add' | 'remove' | 'promote' | 'demote'; members: Subscriber[]; reason?: 'invite' }
  | { kind: 'subject'; subject: string }
  | { kind: 'description'; id: string; body: string | null }
  | { kind: 'ephemeral'; seconds: number }
  | { kind: 'announcement' | 'not_announcement' | 'locked' | 'unlocked' | 'invite' };

/** Changes a group and tells the linked devices of everybody whom it concerns: members before or after, its author too. */
export function changeGroup(world: World, group: Group, actor: Subscriber, action: GroupAction): void {
  const before = [...group.members];
  const child = apply(group, actor, action);
  const audience = new Set([...before, ...group.members]);
  world.history.record({ kind: 'group.changed', group: group.jid, action: action.kind, by: actor.pnJid });
  tellGroup(group, actor, child, audience);
}

/** A `w:gp2` notification to every device of these people. */
export function tellGroup(group: Group, actor: Subscriber, child: BinaryNode, audience: Iterable<Subscriber>): void {
  const other = group.otherAddressOf(actor);
  const attrs = {
    ...{ from: group.jid, type: 'w:gp2', id: String(randomInt(1e9, 4e9)), t: seconds(), notify: actor.name },
    participant: group.addressOf(actor),
    addressing_mode: group.addressing,
    ...(group.addressing === 'lid' ? { participant_pn: other } : { participant_lid: other }),
  };
  for (const person of audience) {
    const companions = person instanceof Phone ? person.companions : [];
    for (const { mailbox } of companions) mailbox.post({ stanza: node('notification', attrs, [child]) });
  }
}

function apply(group: Group, actor: Subscriber, action: GroupAction): BinaryNode {
  switch (action.kind) {
    case 'add':
      group.members.push(...action.members.filter((each) => !group.members.includes(each)));
      return membersNode(group, action);
    case 'remove':
      for (const member of action.members) removeFrom(group, member);
      return membersNode(group, action);
    case 'promote':
      for (const member of action.members) group.admins.add(member);
      return membersNode(group, action);
    case 'demote':
      for (const member of action.members) group.admins.delete(member);
      return membersNode(group, action);
    case 'subject':
      group.subject = action.subject;
      return node('subject', { subject: action.subject, s_t: seconds(), s_o: group.addressOf(actor) });
    case 'description': {
      const { id, body } = action;
      group.description = body === null ? null : { id, body, by: actor, at: seconds() };
      if (body === null) return node('description', { id, delete: 'true' });
      return node('description', { id }, [node('body', {}, Buffer.from(body))]);
    }
    case 'ephemeral':
      group.ephemeralS = action.seconds;
      return action.seconds > 0 ? node('ephemeral', { expiration: String(action.seconds) }) : node('not_ephemeral');
    case 'invite':
      group.renewInvite();
      return node('invite', { code: group.inviteCode });
    default:
      if (action.kind === 'announcement' || action.kind === 'not_announcement') {
        group.announce = action.kind === 'announcement';
      } else group.locked = action.kind === 'locked';
      return node(action.kind);
  }
}

type MembersAction = Extract<GroupAction, { members: Subscriber[] }>;

function membersNode(group: Group, { kind, members, reason }: MembersAction): BinaryNode {
  return node(
    kind,
    { reason },
    members.map((member) => group.participantNode(member)),
  );
}

function removeFrom(group: Group, member: Subscriber): void {
  const index = group.members.indexOf(member);
  if (index >= 0) group.members.splice(index, 1);
  group.admins.delete(member);
}

/** Whether this person lets just anybody add them to groups; else they get an invitation. */
export const acceptsAdds = (person: Subscriber): boolean => !(person instanceof Contact) || person.acceptsGroupAdds;
