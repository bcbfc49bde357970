import type { proto } from '@whiskeysockets/baileys';
import { withDeadline } from '../lib/deadline.js';
import { deferred, type Deferred } from '../lib/deferred.js';

/** A message of an account, as the one it was sent to could read it. */
export interface ReceivedMessage {
  readonly id: string;
  /** The account's JID (phone number form). */
  readonly from: string;
  /** The chat it was addressed to: this subscriber in the form the account used, or a group. */
  readonly chat: string;
  readonly message: proto.IMessage;
  /** Text or caption, null for what has none. */
  readonly text: string | null;
  /** When the first copy was read, ms since the epoch. */
  readonly at: number;
  /** How often it was delivered under this id: 1, or more when the account sent it again. */
  copies: number;
}

interface Waiter {
  readonly matches: (message: ReceivedMessage) => boolean;
  readonly found: Deferred<ReceivedMessage>;
}

const DEADLINE_MS = 10_000;

/** What one subscriber has received, one entry per sender and id. */
export class Inbox {
  readonly #messages = new Map<string, ReceivedMessage>();
  readonly #fresh = new Set<ReceivedMessage>();
  readonly #waiters = new Set<Waiter>();

  get messages(): ReceivedMessage[] {
    return [...this.#messages.values()];
  }

  get(from: string, id: string): ReceivedMessage | undefined {
    return this.#messages.get(`${from} ${id}`);
  }

  /** A further copy of a known message counts up; its content is not replaced. */
  add(message: Omit<ReceivedMessage, 'copies' | 'at'>): ReceivedMessage {
    const known = this.get(message.from, message.id);
    if (known) {
      known.copies += 1;
      return known;
    }
    const entry: ReceivedMessage = { ...message, at: Date.now(), copies: 1 };
    this.#messages.set(`${message.from} ${message.id}`, entry);
    const waiter = [...this.#waiters].find(({ matches }) => matches(entry));
    if (waiter) waiter.found.resolve(entry);
    else this.#fresh.add(entry);
    return entry;
  }

  /** The oldest matching message that no earlier call has returned, waiting for it if need be.
   *  @throws GatewayError DEADLINE_EXCEEDED */
  async next(matches: Waiter['matches'] = () => true, deadlineMs = DEADLINE_MS): Promise<ReceivedMessage> {
    const ready = [...this.#fresh].find(matches);
    if (ready) {
      this.#fresh.delete(ready);
      return ready;
    }
    const waiter: Waiter = { matches, found: deferred<ReceivedMessage>() };
    this.#waiters.add(waiter);
    return withDeadline(waiter.found.promise, deadlineMs, 'the next message').finally(() =>
      this.#waiters.delete(waiter),
    );
  }
}
