import { getBinaryNodeChild, getBinaryNodeChildren } from '@whiskeysockets/baileys';
import { Group } from '../group.js';
import { freshGroupJid } from '../group-jid.js';
import { node } from '../stanzas.js';
import { IqFailure, type IqHandler, type IqRequest } from './request.js';

/** `w:g2`: metadata of one group, the list of all, creation. Other changes are accepted without effect. */
export const groups: IqHandler = (request) => {
  const { world, companion, iq } = request;
  if (getBinaryNodeChild(iq, 'participating')) {
    return [
      node(
        'groups',
        {},
        world.directory.groupsOf(companion.phone).map((group) => group.toNode()),
      ),
    ];
  }
  if (getBinaryNodeChild(iq, 'create')) return [create(request).toNode()];
  const group = world.directory.group(iq.attrs.to ?? '');
  if (!group?.members.includes(companion.phone)) throw new IqFailure(404, 'item-not-found');
  return getBinaryNodeChild(iq, 'query') ? [group.toNode()] : [];
};

function create({ world, companion, iq }: IqRequest): Group {
  const request = getBinaryNodeChild(iq, 'create');
  const invited = getBinaryNodeChildren(request, 'participant').map(({ attrs }) => world.directory.find(attrs.jid!));
  const members = [companion.phone, ...invited.filter((person) => person !== undefined)];
  const group = new Group(freshGroupJid(), { subject: request?.attrs.subject ?? '', members });
  world.directory.addGroup(group);
  return group;
}
