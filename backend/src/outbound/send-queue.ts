import type { Clock } from '../lib/clock.js';
import type { ErrorCode } from '../lib/errors.js';
import type { OutboxRecord } from '../journal/records.js';
import type { ServerAck } from '../whatsapp/server-ack.js';
import { chatKey } from './address.js';
import type { Outcome } from './outcome.js';

/** How an attempt that is under way can end. `refused`: the relay rejected; `silent`: nothing came in time. */
export type AttemptEnd =
  | { by: 'ack'; ack: ServerAck }
  | { by: 'refused'; error: unknown }
  | { by: 'silent' }
  | { by: 'closed' }
  | { by: 'stop' };

/** One waiting message: what the journal has of it stays there, this is only its place and its short memory. */
export interface QueuedSend {
  readonly whatsappId: string;
  readonly expiresAt: number;
  /** Kept back until then; 0 = not at all. */
  readonly notBefore: number;
  readonly chat: Chat;
  /** Accepted as "sending, attempt 1": that attempt needs neither reading nor a commit. Null for all but a few. */
  begun: OutboxRecord | null;
  /** Ends the attempt under way; null when none is. */
  end: ((end: AttemptEnd) => void) | null;
  /** An ack that came between two attempts. */
  lateAck: ServerAck | null;
  /** Decided, but the journal could not be written yet. */
  decided: Outcome | null;
  /** The chat has been shown that it is being written. */
  announced: boolean;
  /** The next attempt asks for the device list anew. */
  freshDevices: boolean;
  /** Attempts without any answer, rejections of one kind in a row, failed commits in a row: the backoff's exponents. */
  silences: number;
  refusals: { code: ErrorCode | null; times: number };
  journalFailures: number;
}

/** Messages to one address, in order. `busy`: its first one is under way; `parked`: waits for a time or a wake-up. */
interface Chat {
  readonly key: string;
  readonly sends: QueuedSend[];
  state: 'runnable' | 'busy' | 'parked';
  /** While parked: when its turn comes, ms since the epoch. */
  turnAt: number;
  unpark: () => void;
}

/**
 * The waiting messages of one connection: a line per chat, and a ring of chats whose first message may go.
 * It holds ids only (some 200 bytes a message).
 */
export class SendQueue {
  readonly #chats = new Map<string, Chat>();
  readonly #byId = new Map<string, QueuedSend>();
  /** Insertion order is the turn: a chat that had its turn goes to the end. */
  readonly #runnable = new Set<Chat>();

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.#byId.size;
  }

  find(whatsappId: string): QueuedSend | undefined {
    return this.#byId.get(whatsappId);
  }

  /** Appends to its chat's line. @returns false when it is already waiting. */
  add(record: OutboxRecord, begun: OutboxRecord | null = null): boolean {
    if (this.#byId.has(record.whatsappId)) return false;
    const chat = this.#chatOf(chatKey(record));
    const send: QueuedSend = {
      whatsappId: record.whatsappId,
      expiresAt: record.expiresAt,
      notBefore: record.notBefore ?? 0,
      chat,
      begun,
      end: null,
      lateAck: null,
      decided: null,
      announced: false,
      freshDevices: false,
      silences: 0,
      refusals: { code: null, times: 0 },
      journalFailures: 0,
    };
    chat.sends.push(send);
    this.#byId.set(send.whatsappId, send);
    return true;
  }

  /** The first message whose turn it is and that `mayGo`; it stays where it is until `begin`. */
  next(mayGo: (send: QueuedSend) => boolean): QueuedSend | null {
    for (const chat of this.#runnable) {
      const head = chat.sends[0];
      if (head && mayGo(head)) return head;
    }
    return null;
  }

  begin(send: QueuedSend): void {
    this.#runnable.delete(send.chat);
    send.chat.state = 'busy';
  }

  /** The message is done with; its chat's next one gets its turn. */
  remove(send: QueuedSend): void {
    const { chat } = send;
    if (chat.sends[0] === send) chat.sends.shift();
    this.#byId.delete(send.whatsappId);
    if (chat.sends.length > 0) this.#setRunnable(chat);
    else this.#chats.delete(chat.key);
  }

  /** The message's attempt ended without a result: its chat waits for `afterMs` or `wake`, then `onTurn` is called. */
  park(send: QueuedSend, afterMs: number, onTurn: () => void): void {
    const { chat } = send;
    if (afterMs <= 0) return this.#setRunnable(chat);
    this.#runnable.delete(chat);
    chat.state = 'parked';
    chat.turnAt = this.clock.now() + afterMs;
    chat.unpark = this.clock.after(afterMs, () => {
      this.wake(send);
      onTurn();
    });
  }

  /** When the message is tried next, ms since the epoch; null when it waits for no time, or for those before it. */
  nextTryAt(whatsappId: string): number | null {
    const chat = this.#byId.get(whatsappId)?.chat;
    return chat?.state === 'parked' && chat.sends[0]?.whatsappId === whatsappId ? chat.turnAt : null;
  }

  /** Ends the wait of the message's chat, if it is waiting. */
  wake(send: QueuedSend): void {
    if (send.chat.state === 'parked') this.#setRunnable(send.chat);
  }

  wakeAll(): void {
    for (const chat of this.#chats.values()) if (chat.state === 'parked') this.#setRunnable(chat);
  }

  /** Ends every attempt under way. */
  endAttempts(end: AttemptEnd): void {
    for (const chat of this.#chats.values()) chat.sends[0]?.end?.(end);
  }

  /** Forgets everything (the journal does not) and cancels all timers. */
  clear(): void {
    for (const chat of this.#chats.values()) chat.unpark();
    this.#chats.clear();
    this.#byId.clear();
    this.#runnable.clear();
  }

  #chatOf(key: string): Chat {
    let chat = this.#chats.get(key);
    if (!chat) {
      chat = { key, sends: [], state: 'runnable', turnAt: 0, unpark: () => undefined };
      this.#chats.set(key, chat);
      this.#runnable.add(chat);
    }
    return chat;
  }

  #setRunnable(chat: Chat): void {
    chat.unpark();
    chat.state = 'runnable';
    this.#runnable.add(chat);
  }
}
