import { jidNormalizedUser, type WASocket } from '@whiskeysockets/baileys';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import type { OpenSocket } from './client-calls.js';
import { refusalNumber, refusalOf } from './query-refusals.js';

const DEADLINE_MS = 15_000;
/** There is none, or its owner does not show it to this number. */
const NO_PICTURE = new Set([401, 403, 404]);

/** People: their pictures, and whom this number has blocked. Rejects NOT_CONNECTED, DEADLINE_EXCEEDED, RATE_LIMITED,
 *  QUERY_REFUSED. */
export class ContactCalls {
  constructor(private readonly socket: () => OpenSocket | null) {}

  /** Where the picture of a person or group lies for some days; null when there is none to see. */
  async pictureUrl(jid: string): Promise<string | null> {
    try {
      return (await this.#ask((sock) => sock.profilePictureUrl(jid, 'image', DEADLINE_MS), 'picture')) ?? null;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : null;
      if (NO_PICTURE.has(refusalNumber(cause) ?? 0)) return null;
      throw error;
    }
  }

  /** Addresses (mostly LIDs) of everybody whom this number has blocked. */
  async blocklist(): Promise<string[]> {
    const listed = await this.#ask((sock) => sock.fetchBlocklist(), 'blocklist');
    return listed.filter((jid) => jid !== undefined).map((jid) => jidNormalizedUser(jid));
  }

  /** @param jid number or LID of somebody whose other address is known or can be asked for */
  async setBlocked(jid: string, blocked: boolean): Promise<void> {
    await this.#ask((sock) => sock.updateBlockStatus(jid, blocked ? 'block' : 'unblock'), 'block');
  }

  async #ask<T>(question: (sock: WASocket) => Promise<T>, name: string): Promise<T> {
    const socket = this.socket();
    if (!socket) throw new GatewayError('NOT_CONNECTED');
    try {
      return await withDeadline(question(socket.sock), DEADLINE_MS, name);
    } catch (error) {
      throw refusalOf(error, 'contact');
    }
  }
}
