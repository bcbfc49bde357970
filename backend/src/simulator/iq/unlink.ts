import { getBinaryNodeChild } from '@whiskeysockets/baileys';
import type { IqHandler } from './request.js';

/** `md`: a companion logs itself out. The socket is closed after the answer. */
export const unlink: IqHandler = ({ companion, iq }) => {
  if (getBinaryNodeChild(iq, 'remove-companion-device')) companion.phone.loggedOut(companion);
  return [];
};
