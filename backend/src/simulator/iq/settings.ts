import { getBinaryNodeChild } from '@whiskeysockets/baileys';
import { node } from '../stanzas.js';
import { IqFailure, type IqHandler } from './request.js';

const PRIVACY = { readreceipts: 'all', last: 'all', online: 'all', profile: 'all', status: 'all', groupadd: 'all' };

/** `abt`: no experiment is on. */
export const properties: IqHandler = () => [node('props', { protocol: '1', hash: 'sim' }, [])];

/** `blocklist`: whom the account has blocked, by their LIDs; a `set` blocks (which needs both addresses) or unblocks. */
export const blocklist: IqHandler = ({ world, companion, iq }) => {
  const { phone } = companion;
  const item = getBinaryNodeChild(iq, 'item');
  if (iq.attrs.type === 'set' && item) {
    const person = world.directory.find(item.attrs.jid ?? '');
    const action = item.attrs.action === 'block' ? 'block' : 'unblock';
    if (!person || (action === 'block' && item.attrs.pn_jid !== person.pnJid)) throw new IqFailure(400, 'bad-request');
    phone.block(person, action, companion);
  }
  const items = [...phone.blocked].map((jid) => node('item', { jid }));
  return [node('list', {}, items)];
};

/** `privacy`: read receipts are on; a `set` (also of tctokens) is accepted. */
export const privacy: IqHandler = ({ iq }) => {
  if (iq.attrs.type === 'set') return getBinaryNodeChild(iq, 'tokens') ? [node('tokens', {}, [])] : [];
  return [
    node(
      'privacy',
      {},
      Object.entries(PRIVACY).map(([name, value]) => node('category', { name, value })),
    ),
  ];
};

/** `w:m`: where media goes. */
export const mediaConnection: IqHandler = ({ world }) => {
  const host = node('host', { hostname: world.media.host, maxContentLengthBytes: '104857600' });
  return [node('media_conn', { auth: 'sim', ttl: '300', auth_ttl: '300' }, [host])];
};

/** `w:profile:picture`: where it lies; 404 when there is none to see. */
export const picture: IqHandler = ({ world, companion, iq }) => {
  const jid = iq.attrs.target ?? '';
  world.history.record({ kind: 'picture.queried', companion: companion.jid, jid });
  const url = world.directory.find(jid)?.pictureUrl;
  if (!url) throw new IqFailure(404, 'item-not-found');
  return [node('picture', { id: '1700000000', type: 'preview', url })];
};

/** `w:mex` (GraphQL): what the account may do. */
export const mex: IqHandler = ({ companion }) => [
  node('result', {}, Buffer.from(JSON.stringify({ data: companion.phone.standing.answer }))),
];
