import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import type { OpenSocket } from './client-calls.js';
import { keyOf, type MessageName } from './media-calls.js';

/** What a chat shows of us: typing, recording a voice message, or neither. */
export type ChatPresence = 'composing' | 'recording' | 'paused';

const DEADLINE_MS = 15_000;

/** Small signs in a chat that are no messages: each is sent once, nothing of it is stored. */
export class ChatCalls {
  constructor(private readonly socket: () => OpenSocket | null) {}

  /** Marks messages as read: their authors see it unless the account's privacy settings forbid it. Rejects NOT_CONNECTED. */
  async markRead(messages: MessageName[]): Promise<void> {
    await withDeadline(this.#open().sock.readMessages(messages.map(keyOf)), DEADLINE_MS, 'read marks');
  }

  /** Rejects NOT_CONNECTED. */
  async presence(jid: string, presence: ChatPresence): Promise<void> {
    await withDeadline(this.#open().sock.sendPresenceUpdate(presence, jid), DEADLINE_MS, 'presence');
  }

  /**
   * Asks the phone for what was said in a chat before a message. The answer is a history sync, some seconds later, if the
   * phone is on (Baileys' `fetchMessageHistory`). Rejects NOT_CONNECTED.
   */
  async fetchHistory(before: MessageName, timestampMs: number, count: number): Promise<void> {
    const asking = this.#open().sock.fetchMessageHistory(count, keyOf(before), timestampMs);
    await withDeadline(asking, DEADLINE_MS, 'the request for history');
  }

  #open(): OpenSocket {
    const socket = this.socket();
    if (!socket) throw new GatewayError('NOT_CONNECTED');
    return socket;
  }
}
