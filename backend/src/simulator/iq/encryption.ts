import { getBinaryNodeChild, getBinaryNodeChildren, jidDecode, type BinaryNode } from '@whiskeysockets/baileys';
import { Phone } from '../phone.js';
import { bundleNode, type PreKeyBundle } from '../prekey-bundle.js';
import { node } from '../stanzas.js';
import type { World } from '../world.js';
import type { IqHandler } from './request.js';

/** `xmlns=encrypt`: key uploads, the count and digest of what is there, and the key bundles of others. */
export const encryption: IqHandler = ({ world, companion, iq }) => {
  if (iq.attrs.type === 'set') {
    companion.storeKeys(iq);
    return [];
  }
  if (getBinaryNodeChild(iq, 'count')) return [node('count', { value: String(companion.preKeyCount) })];
  if (getBinaryNodeChild(iq, 'digest')) return [node('digest')];
  const users = getBinaryNodeChildren(getBinaryNodeChild(iq, 'key'), 'user');
  return [
    node(
      'list',
      {},
      users.map((user) => answer(world, user.attrs.jid!)),
    ),
  ];
};

// One failed user fails the whole batch at the client: exactly what the real server does to it.
function answer(world: World, jid: string): BinaryNode {
  const bundle = bundleOf(world, jid);
  return bundle
    ? bundleNode(jid, bundle)
    : node('user', { jid }, [node('error', { code: '406', text: 'not-acceptable' })]);
}

function bundleOf(world: World, jid: string): PreKeyBundle | null {
  const person = world.directory.find(jid);
  const device = jidDecode(jid)?.device ?? 0;
  if (!person?.registered) return null;
  if (device === 0) return person.device.takeBundle();
  const companions = person instanceof Phone ? person.companions : [];
  return companions.find((each) => each.device === device)?.takeBundle() ?? null;
}
