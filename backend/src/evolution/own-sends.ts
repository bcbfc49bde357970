import type { Journal } from '../journal/journal.js';
import type { RemoteSend } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { ClientEvents } from '../whatsapp/client-events.js';
import { chatName, messagePrint } from './message-print.js';

type Json = Record<string, unknown>;

export interface OwnSendsDeps {
  journal: Pick<Journal, 'commit' | 'remoteSends'>;
  /** Waits until every request of that connection that is under way has its end. */
  settled: (connectionId: string) => Promise<void>;
  events: TypedEmitter<ClientEvents>;
  clock: Clock;
}

/** The server tells of a message before it answers the request that sent it: so long the answer is waited for. */
const ANSWER_WAIT_MS = 3_000;
/** An older one is not taken for what is told now. */
const RECENT_MS = 86_400_000;
/** Names under which a message id stands in a message. */
const ID_FIELDS = new Set(['id', 'keyId', 'stanzaId']);

/**
 * Recognises our own sends in what an Evolution server tells. It names messages by ids of its own; the rows, and whoever was
 * told of them, know ours. A send of which no answer came is found again here by its chat and content.
 */
export class OwnSends {
  constructor(private readonly deps: OwnSendsDeps) {}

  /** Whether a message of this number (`send.message`, or `fromMe`) has its row already, since it was sent from here. */
  async isOurs(connectionId: string, item: Json): Promise<boolean> {
    const key = (item['key'] ?? {}) as Json;
    const remoteId = String(key['id']);
    if (this.deps.journal.remoteSends.find(connectionId, remoteId)) return true;
    // A server that waits for our answer to its webhook first is not waited for.
    await withDeadline(this.deps.settled(connectionId), ANSWER_WAIT_MS, 'sends under way').catch(() => undefined);
    if (this.deps.journal.remoteSends.find(connectionId, remoteId)) return true;
    return this.#reconcile(connectionId, remoteId, key, item['message']);
  }

  /** The same item with our ids where it has the server's. */
  withOurIds(connectionId: string, item: unknown): unknown {
    if (Array.isArray(item)) return item.map((each) => this.withOurIds(connectionId, each));
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(
      Object.entries(item).map(([name, value]: [string, unknown]) => {
        const isId = ID_FIELDS.has(name) && typeof value === 'string' && value.length <= 128;
        const ours = isId ? this.deps.journal.remoteSends.find(connectionId, value)?.whatsappId : undefined;
        return [name, ours ?? this.withOurIds(connectionId, value)];
      }),
    );
  }

  /** A send whose outcome is unknown turns out to have been made. */
  async #reconcile(connectionId: string, remoteId: string, key: Json, message: unknown): Promise<boolean> {
    const left = this.deps.journal.remoteSends.listLeft(connectionId);
    if (left.length === 0 || typeof message !== 'object' || message === null) return false;
    const print = messagePrint(message);
    const since = this.deps.clock.now() - RECENT_MS;
    const chats = ['remoteJid', 'remoteJidAlt', 'senderPn']
      .map((name) => key[name])
      .filter((jid) => typeof jid === 'string');
    const found = left.find((each) => each.at > since && each.print === print && isSameChat(each, chats));
    if (!found) return false;
    const { whatsappId } = found;
    await this.deps.journal.commit({ remoteSends: [{ ...found, remoteId, state: 'known' }] });
    const serverTimeMs = this.deps.clock.now();
    this.deps.events.emit('ack', { connectionId, whatsappId, from: chats[0] ?? '', error: null, serverTimeMs });
    return true;
  }
}

function isSameChat({ addresses }: RemoteSend, chats: string[]): boolean {
  const names = new Set(addresses.map(chatName));
  return chats.some((jid) => names.has(chatName(jid)));
}
