import { getBinaryNodeChild, getBinaryNodeChildren } from '@whiskeysockets/baileys';
import { node } from '../stanzas.js';
import type { IqHandler } from './request.js';

/** `w:sync:app:state`: every collection is empty and up to date; patches are accepted and forgotten. */
export const appState: IqHandler = ({ iq }) => {
  const asked = getBinaryNodeChildren(getBinaryNodeChild(iq, 'sync'), 'collection');
  const answers = asked.map(({ attrs }) =>
    node('collection', { name: attrs.name, version: attrs.version ?? '0', type: 'result' }, []),
  );
  return [node('sync', {}, answers)];
};
