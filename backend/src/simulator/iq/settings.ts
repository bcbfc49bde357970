import { getBinaryNodeChild } from '@whiskeysockets/baileys';
import { node } from '../stanzas.js';
import { IqFailure, type IqHandler } from './request.js';

const PRIVACY = { readreceipts: 'all', last: 'all', online: 'all', profile: 'all', status: 'all', groupadd: 'all' };

/** `abt`: no experiment is on. */
export const properties: IqHandler = () => [node('props', { protocol: '1', hash: 'sim' }, [])];

/** `blocklist`: nobody is blocked. */
export const blocklist: IqHandler = () => [node('list', {}, [])];

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

/** `w:profile:picture`: nobody has one. */
export const picture: IqHandler = () => {
  throw new IqFailure(404, 'item-not-found');
};

/** `w:mex` (GraphQL): what the account may do. */
export const mex: IqHandler = ({ companion }) => [
  node('result', {}, Buffer.from(JSON.stringify({ data: companion.phone.standing.answer }))),
];
