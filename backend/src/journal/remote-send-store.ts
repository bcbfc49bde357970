import type { JournalContext } from './context.js';
import type { RemoteSend } from './records.js';
import { findRemoteSend, getRemoteSend, listLeftSends } from './remote-sends.js';

/** Reads of what went out through another WhatsApp server, under its ids; what changes it is part of a `Journal.commit`. */
export class RemoteSendStore {
  constructor(private readonly context: JournalContext) {}

  /** What is known of a send, by our id. */
  get(connectionId: string, whatsappId: string): RemoteSend | null {
    return getRemoteSend(this.context, connectionId, whatsappId);
  }

  /** The send that the other server names so. */
  find(connectionId: string, remoteId: string): RemoteSend | null {
    return findRemoteSend(this.context, connectionId, remoteId);
  }

  /** Sends that may have arrived there, of which nothing was heard. */
  listLeft(connectionId: string): RemoteSend[] {
    return listLeftSends(this.context, connectionId);
  }
}
