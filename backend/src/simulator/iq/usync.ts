import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import { Contact } from '../contact.js';
import type { Subscriber } from '../directory.js';
import { Phone } from '../phone.js';
import { bytesOf, node } from '../stanzas.js';
import type { World } from '../world.js';
import type { IqHandler } from './request.js';

/** One row per protocol that a `usync` may ask about each user; null leaves it out of the answer. */
const PROTOCOLS: Record<string, (person: Subscriber | undefined) => BinaryNode | null> = {
  contact: (person) => node('contact', { type: person?.registered ? 'in' : 'out' }),
  devices: (person) => node('devices', {}, [node('device-list', {}, devicesOf(person))]),
  lid: (person) => (person && lidKnown(person) ? node('lid', { val: person.lidJid }) : null),
  status: () => node('status', {}, Buffer.from('')),
  disappearing_mode: () => node('disappearing_mode', { duration: '0', t: '0' }),
};

/** `xmlns=usync`: who has WhatsApp, under which JID, LID and with which devices. */
export const usync: IqHandler = ({ world, iq }) => {
  const query = getBinaryNodeChild(iq, 'usync');
  const asked = getBinaryNodeChild(query, 'query')?.content;
  const protocols = Array.isArray(asked) ? asked.map(({ tag }) => tag) : [];
  const users = getBinaryNodeChildren(getBinaryNodeChild(query, 'list'), 'user');
  const { sid, mode, context } = query?.attrs ?? {};
  return [
    node('usync', { sid, mode, context, index: '0', last: 'true' }, [
      node(
        'result',
        {},
        protocols.map((tag) => node(tag)),
      ),
      node(
        'list',
        {},
        users.map((user) => answer(world, user, protocols)),
      ),
    ]),
  ];
};

// A lookup by number is answered with the real JID of that person, which may be spelled differently (the Brazilian
// ninth digit).
function answer(world: World, user: BinaryNode, protocols: string[]): BinaryNode {
  const typed = bytesOf(getBinaryNodeChild(user, 'contact')).toString().replace(/\D/g, '');
  const person = user.attrs.jid ? world.directory.find(user.attrs.jid) : world.directory.lookUp(typed);
  const jid = user.attrs.jid ?? person?.pnJid ?? `${typed}@s.whatsapp.net`;
  const answers = protocols.map((tag) => PROTOCOLS[tag]?.(person) ?? null).filter((each) => each !== null);
  return node('user', { jid }, answers);
}

function devicesOf(person: Subscriber | undefined): BinaryNode[] {
  if (!person?.registered) return [];
  const linked = person instanceof Phone ? person.companions : [];
  const ids = linked.map(({ device }) => node('device', { id: String(device), 'key-index': String(device) }));
  return [node('device', { id: '0' }), ...ids];
}

const lidKnown = (person: Subscriber) => person.registered && (!(person instanceof Contact) || person.hasLidMapping);
