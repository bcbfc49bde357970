import type { GroupsPort } from '../people-ports.js';
import { ok, route, type Route } from '../route.js';
import { success } from '../schemas/common.js';
import * as schema from '../schemas/groups.js';

const BASE = '/api/whatsapp-bootstrap/connections/:id/groups';
const ONE = `${BASE}/:groupId`;
const ERRORS = [
  ...(['CONNECTION_NOT_FOUND', 'NOT_CONNECTED', 'RATE_LIMITED', 'GROUP_NOT_FOUND', 'GROUP_FORBIDDEN'] as const),
  ...(['GROUP_REFUSED', 'JOURNAL_FAILED', 'DEADLINE_EXCEEDED'] as const),
];
const facts = { tag: 'groups', errors: ERRORS } as const;
/** Asking WhatsApp may take its own 20 s, twice. */
const CHANGE_DEADLINE_MS = 60_000;

/** Groups of a connection: see, make, change, and who is in them. */
export function groupRoutes(groups: GroupsPort): Route[] {
  return [...readRoutes(groups), ...changeRoutes(groups), ...inviteRoutes(groups)];
}

function readRoutes(groups: GroupsPort): Route[] {
  return [
    route({
      ...facts,
      method: 'get',
      path: BASE,
      access: 'read',
      operationId: 'listGroups',
      summary: 'All groups that the number is in, asked of WhatsApp (at most 4 times a minute)',
      input: { params: schema.connectionParams },
      replies: { 200: { description: 'By subject, without members.', schema: schema.listReply } },
      handle: async ({ params: { id } }, { scope }) => ok({ data: await groups.list(id, scope) }),
    }),
    route({
      ...facts,
      method: 'get',
      path: ONE,
      access: 'read',
      operationId: 'getGroup',
      summary: 'One group with its members; from the cache, also while not connected',
      input: { params: schema.groupParams, query: schema.infoQuery },
      replies: { 200: { description: 'The group.', schema: schema.groupReply } },
      handle: async ({ params: { id, groupId }, query: { refresh } }, { scope }) =>
        ok({ group: await groups.info(id, groupId, refresh, scope) }),
    }),
  ];
}

function changeRoutes(groups: GroupsPort): Route[] {
  const change = { ...facts, access: 'manage', deadlineMs: CHANGE_DEADLINE_MS } as const;
  const withPeople = { ...change, errors: [...ERRORS, 'INVALID_RECIPIENT'] } as const;
  return [
    route({
      ...withPeople,
      method: 'post',
      path: BASE,
      operationId: 'createGroup',
      summary: 'Make a group; this number is its admin',
      input: { params: schema.connectionParams, body: schema.createBody },
      replies: {
        201: { description: 'The group, and what became of each person asked for.', schema: schema.createReply },
      },
      handle: async ({ params: { id }, body }, { scope }) => {
        return { status: 201, body: { success: true, ...(await groups.create(id, body, scope)) } };
      },
    }),
    route({
      ...change,
      method: 'patch',
      path: ONE,
      operationId: 'changeGroup',
      summary: 'Subject, description, who may write and who may edit',
      input: { params: schema.groupParams, body: schema.changeBody },
      replies: { 200: { description: 'The group as it is now.', schema: schema.groupReply } },
      handle: async ({ params: { id, groupId }, body }, { scope }) =>
        ok({ group: await groups.change(id, groupId, body, scope) }),
    }),
    route({
      ...withPeople,
      method: 'post',
      path: `${ONE}/participants`,
      operationId: 'changeGroupMembers',
      summary: 'Add, remove, promote or demote; a result for each person',
      input: { params: schema.groupParams, body: schema.membersBody },
      replies: {
        200: { description: 'Who cannot be added (403) comes with an invitation.', schema: schema.membersReply },
      },
      handle: async ({ params: { id, groupId }, body }, { scope }) =>
        ok({ results: await groups.changeMembers(id, groupId, body, scope) }),
    }),
    route({
      ...change,
      method: 'post',
      path: `${ONE}/leave`,
      operationId: 'leaveGroup',
      summary: 'Leave the group',
      input: { params: schema.groupParams },
      replies: { 200: { description: 'Left; its conversation stays.', schema: success } },
      handle: async ({ params: { id, groupId } }, { scope }) => {
        await groups.leave(id, groupId, scope);
        return ok({});
      },
    }),
  ];
}

/** Whoever has a link can come in, so even looking at it is `manage`. */
function inviteRoutes(groups: GroupsPort): Route[] {
  const invite = { ...facts, access: 'manage', input: { params: schema.groupParams } } as const;
  return [
    route({
      ...invite,
      method: 'get',
      path: `${ONE}/invite`,
      operationId: 'getGroupInvite',
      summary: 'The invite link',
      replies: { 200: { description: 'Whoever has it can come in.', schema: schema.inviteReply } },
      handle: async ({ params: { id, groupId } }, { scope }) => ok(await groups.invite(id, groupId, scope)),
    }),
    route({
      ...invite,
      method: 'post',
      path: `${ONE}/invite/revoke`,
      operationId: 'revokeGroupInvite',
      summary: 'A new invite link; the old one lets nobody in any more',
      replies: { 200: { description: 'The new link.', schema: schema.inviteReply } },
      handle: async ({ params: { id, groupId } }, { scope }) => ok(await groups.revokeInvite(id, groupId, scope)),
    }),
    route({
      ...facts,
      method: 'post',
      path: `${BASE}/join`,
      access: 'manage',
      operationId: 'joinGroup',
      summary: 'Come into a group by its invite link',
      input: { params: schema.connectionParams, body: schema.joinBody },
      replies: { 200: { description: 'Which group.', schema: schema.joinReply } },
      errors: [...ERRORS, 'INVITE_INVALID'],
      handle: async ({ params: { id }, body }, { scope }) => ok({ groupId: await groups.join(id, body.invite, scope) }),
    }),
  ];
}
