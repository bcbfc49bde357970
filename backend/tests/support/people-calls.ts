import type { Belongings, RouteCall } from './route-calls.js';

const GROUP = '120363000000000001@g.us';
const ANA = '5511988887777';

type Call = (ours: Belongings) => RouteCall;

/** About a group; the connection of the matrix is never connected. */
const group =
  (body?: object): Call =>
  ({ connectionId }) => ({
    ...{ params: { id: connectionId, groupId: GROUP }, right: [409], foreign: '404', ...(body && { body }) },
  });
const connection =
  (right: number[], body?: object): Call =>
  ({ connectionId }) => ({ params: { id: connectionId }, right, foreign: '404', ...(body && { body }) });
const contact =
  (right: number[]): Call =>
  ({ connectionId }) => ({ params: { id: connectionId, address: ANA }, right, foreign: '404' });

/** The routes of groups and contacts, for the access matrix. */
export const PEOPLE_CALLS: Record<string, Call> = {
  listGroups: connection([409]),
  getGroup: group(),
  createGroup: connection([409], { subject: 'Equipe', participants: [ANA] }),
  changeGroup: group({ subject: 'Equipe' }),
  changeGroupMembers: group({ action: 'add', participants: [ANA] }),
  leaveGroup: group(),
  getGroupInvite: group(),
  revokeGroupInvite: group(),
  joinGroup: connection([409], { invite: 'AbCdEfGhIjKlMnOpQrStUv' }),

  listContacts: connection([200]),
  getContact: contact([200, 404]),
  getContactPicture: contact([409]),
  resolveAddress: contact([409]),
  getBlocklist: connection([409]),
  blockContact: contact([409]),
  unblockContact: contact([409]),
};
