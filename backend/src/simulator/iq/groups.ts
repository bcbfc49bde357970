import { randomBytes } from 'node:crypto';
import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import { acceptsAdds, changeGroup, tellGroup, type GroupAction } from '../change-group.js';
import type { Subscriber } from '../directory.js';
import { Group } from '../group.js';
import { freshGroupJid } from '../group-jid.js';
import { bytesOf, node, seconds } from '../stanzas.js';
import { IqFailure, type IqHandler, type IqRequest } from './request.js';

interface GroupRequest extends IqRequest {
  group: Group;
  me: Subscriber;
  /** The first child: what is asked for. */
  ask: BinaryNode;
}

/** How long an invitation lasts that somebody gets instead of being added. */
const INVITATION_S = 3 * 86_400;

/** `w:g2` to `@g.us`: what is not about one known group. */
const GENERAL: Record<string, (request: IqRequest, ask: BinaryNode) => BinaryNode[]> = {
  participating: ({ world, companion }) => {
    world.history.record({ kind: 'group.queried', companion: companion.jid, group: null });
    const groups = world.directory.groupsOf(companion.phone);
    return [
      node(
        'groups',
        {},
        groups.map((group) => group.toNode()),
      ),
    ];
  },
  create: (request, ask) => [create(request, ask).toNode()],
  leave,
  invite: joinByInvite,
};

/** `w:g2` to one group, by the tag of what is asked for. What is not here is accepted without effect. */
const OF_ONE: Record<string, (request: GroupRequest) => BinaryNode[]> = {
  query: ({ world, companion, group }) => {
    world.history.record({ kind: 'group.queried', companion: companion.jid, group: group.jid });
    return [group.toNode()];
  },
  add: (request) => changeMembers(request, 'add', (person) => (acceptsAdds(person) ? null : '403')),
  remove: (request) => changeMembers(request, 'remove', notAMember(request)),
  promote: (request) => changeMembers(request, 'promote', notAMember(request)),
  demote: (request) => changeMembers(request, 'demote', notAMember(request)),
  subject: (request) => {
    if (request.group.locked) assertAdmin(request);
    const subject = bytesOf(request.ask).toString();
    if (subject.length > 100) throw new IqFailure(406, 'not-acceptable');
    return change(request, { kind: 'subject', subject });
  },
  description: (request) => {
    if (request.group.locked) assertAdmin(request);
    const { id = '', prev, delete: remove } = request.ask.attrs;
    if (prev !== request.group.description?.id) throw new IqFailure(409, 'conflict');
    const body = remove ? null : bytesOf(getBinaryNodeChild(request.ask, 'body')).toString();
    return change(request, { kind: 'description', id, body });
  },
  announcement: (request) => setting(request, 'announcement'),
  not_announcement: (request) => setting(request, 'not_announcement'),
  locked: (request) => setting(request, 'locked'),
  unlocked: (request) => setting(request, 'unlocked'),
  invite: (request) => {
    assertAdmin(request);
    if (request.iq.attrs.type === 'set') change(request, { kind: 'invite' });
    return [node('invite', { code: request.group.inviteCode })];
  },
};

/** `w:g2`: groups as WhatsApp's server keeps them (Baileys' lib/Socket/groups.js asks). */
export const groups: IqHandler = (request) => {
  const { world, companion, iq } = request;
  const ask = Array.isArray(iq.content) ? iq.content[0] : undefined;
  if (!ask) throw new IqFailure(400, 'bad-request');
  if (iq.attrs.to === '@g.us') return GENERAL[ask.tag]?.(request, ask) ?? [];
  const group = world.directory.group(iq.attrs.to ?? '');
  if (!group) throw new IqFailure(404, 'item-not-found');
  if (!group.members.includes(companion.phone)) throw new IqFailure(403, 'forbidden');
  return OF_ONE[ask.tag]?.({ ...request, group, me: companion.phone, ask }) ?? [];
};

function create({ world, companion }: IqRequest, ask: BinaryNode): Group {
  const invited = people(world, ask).filter((person) => person !== undefined && acceptsAdds(person));
  const members = [companion.phone, ...invited.filter((person) => person !== undefined)];
  const group = new Group(freshGroupJid(), { subject: ask.attrs.subject ?? '', members });
  world.directory.addGroup(group);
  tellGroup(group, companion.phone, node('create', { type: 'new', key: ask.attrs.key }, [group.toNode()]), members);
  return group;
}

function leave({ world, companion }: IqRequest, ask: BinaryNode): BinaryNode[] {
  const results = getBinaryNodeChildren(ask, 'group').map(({ attrs: { id } }) => {
    const group = world.directory.group(id ?? '');
    if (!group?.members.includes(companion.phone)) return node('group', { id, error: '404' });
    changeGroup(world, group, companion.phone, { kind: 'remove', members: [companion.phone] });
    return node('group', { id });
  });
  return [node('leave', {}, results)];
}

function joinByInvite({ world, companion, iq }: IqRequest, ask: BinaryNode): BinaryNode[] {
  const { code = '' } = ask.attrs;
  const group = world.directory.groups.find((each) => each.inviteCode === code);
  const revoked = world.directory.groups.some((each) => each.revokedCodes.has(code));
  if (!group) throw revoked ? new IqFailure(410, 'gone') : new IqFailure(406, 'not-acceptable');
  if (iq.attrs.type === 'get') return [group.toNode()];
  if (group.members.includes(companion.phone)) throw new IqFailure(409, 'conflict');
  changeGroup(world, group, companion.phone, { kind: 'add', members: [companion.phone], reason: 'invite' });
  return [node('group', { jid: group.jid })];
}

/** The answer names everybody who was asked for; those for whom `refusal` has a reason stay as they are. */
function changeMembers(
  request: GroupRequest,
  kind: 'add' | 'remove' | 'promote' | 'demote',
  refusal: (person: Subscriber) => string | null,
): BinaryNode[] {
  assertAdmin(request);
  const { world, group, ask } = request;
  const asked = getBinaryNodeChildren(ask, 'participant').map(({ attrs }) => attrs.jid!);
  const done: Subscriber[] = [];
  const answers = asked.map((jid) => {
    const person = world.directory.find(jid);
    if (!person?.registered) return node('participant', { jid, error: '404' });
    const error = kind === 'add' && group.members.includes(person) ? '409' : refusal(person);
    if (error === null) done.push(person);
    return group.participantNode(person, error ?? undefined, error === '403' ? [invitation()] : undefined);
  });
  if (done.length > 0) change(request, { kind, members: done });
  return [node(kind, {}, answers)];
}

const notAMember =
  ({ group }: GroupRequest) =>
  (person: Subscriber) =>
    group.members.includes(person) ? null : '404';

/** For somebody who does not let everybody add them: with it they can come in by themselves. */
function invitation(): BinaryNode {
  const expiration = String(Number(seconds()) + INVITATION_S);
  return node('add_request', { code: randomBytes(12).toString('base64url'), expiration });
}

function setting(request: GroupRequest, kind: 'announcement' | 'not_announcement' | 'locked' | 'unlocked') {
  assertAdmin(request);
  return change(request, { kind });
}

function change({ world, group, me }: GroupRequest, action: GroupAction): BinaryNode[] {
  changeGroup(world, group, me, action);
  return [];
}

function assertAdmin({ group, me }: GroupRequest): void {
  if (!group.admins.has(me)) throw new IqFailure(403, 'forbidden');
}

const people = (world: IqRequest['world'], ask: BinaryNode): (Subscriber | undefined)[] =>
  getBinaryNodeChildren(ask, 'participant').map(({ attrs }) => world.directory.find(attrs.jid!));
