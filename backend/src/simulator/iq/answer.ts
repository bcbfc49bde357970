import type { BinaryNode } from '@whiskeysockets/baileys';
import { iqError, iqResult } from '../stanzas.js';
import { appState } from './app-state.js';
import { encryption } from './encryption.js';
import { groups } from './groups.js';
import { IqFailure, type IqHandler, type IqRequest } from './request.js';
import { blocklist, mediaConnection, mex, picture, privacy, properties } from './settings.js';
import { usync } from './usync.js';
import { unlink } from './unlink.js';

const empty: IqHandler = () => [];

/** One row per namespace of queries that linked devices make. */
const HANDLERS: Record<string, IqHandler> = {
  'w:p': empty, // ping
  passive: empty,
  'w:stats': empty,
  status: empty,
  'urn:xmpp:whatsapp:push': empty,
  'urn:xmpp:whatsapp:dirty': empty,
  encrypt: encryption,
  usync,
  abt: properties,
  blocklist,
  privacy,
  'w:sync:app:state': appState,
  'w:m': mediaConnection,
  'w:g2': groups,
  'w:profile:picture': picture,
  'w:mex': mex,
  md: unlink,
};

/** The server's answer to a query of a linked device; an unknown one gets an empty result and is recorded. */
export function answerIq(request: IqRequest): BinaryNode {
  const { id, xmlns = '' } = request.iq.attrs;
  const handler = HANDLERS[xmlns];
  if (!handler) {
    request.world.history.record({ kind: 'query.unknown', companion: request.companion.jid, xmlns });
    return iqResult(id!);
  }
  try {
    return iqResult(id!, handler(request));
  } catch (error) {
    if (error instanceof IqFailure) return iqError(id!, error.code, error.message);
    throw error;
  }
}
