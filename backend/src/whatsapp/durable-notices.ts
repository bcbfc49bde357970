import type { BinaryNode, CacheStore } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { CallFacts } from '../journal/records.js';
import type { CallBook } from './call-book.js';
import { timerNotice } from './chat-timer-news.js';
import type { GroupCache } from './group-cache.js';
import { isGroupNotification } from './group-notice.js';
import { RenewedIdentities } from './renewed-identities.js';
import { acksOfReceipt, type ServerAck } from './server-ack.js';
import { toStoredNode } from './stanza.js';

export interface DurableNoticesDeps {
  connectionId: string;
  journal: Journal;
  clock: Clock;
  groups: GroupCache;
  userDevicesCache: Pick<CacheStore, 'del'>;
  /** Our own addresses; null before pairing. */
  me: () => { id: string; lid: string | null } | null;
  onAck: (ack: ServerAck) => void;
  calls: CallBook;
  /** A call rings now. */
  onRinging: (call: CallFacts) => void;
  /** The journal refused: nothing may be acknowledged any more. */
  failClosed: (error: unknown) => void;
}

type HandOver = (node: BinaryNode) => unknown;

/** Receipts about our own messages; the others (retry, history, peer) are Baileys' business alone. */
const STATUS_RECEIPTS = new Set([
  undefined,
  'inactive',
  'delivered',
  'read',
  'read-self',
  'played',
  'played-self',
  'sender',
]);

/**
 * Receipts of our messages and changes of groups: in the log before Baileys, which only then gets the stanza, acknowledges
 * them. WhatsApp forgets what was acknowledged.
 */
export class DurableNotices {
  constructor(private readonly deps: DurableNoticesDeps) {}

  /** Never rejects because of the journal: then the socket is cut. */
  async receipt(node: BinaryNode, handOver: HandOver): Promise<void> {
    const me = this.deps.me();
    try {
      if (me && STATUS_RECEIPTS.has(node.attrs.type)) {
        const { connectionId, journal, clock, onAck } = this.deps;
        const entry = { kind: 'receipt' as const, connectionId, node: toStoredNode(node), me };
        await journal.commit({ entries: [entry] }, 'soon');
        acksOfReceipt(node, clock.now(), onAck);
      }
    } catch (error) {
      return this.deps.failClosed(error);
    }
    await handOver(node);
  }

  /** Like a receipt. One that rang while this device was away is over. */
  async call(node: BinaryNode, handOver: HandOver): Promise<void> {
    const me = this.deps.me();
    try {
      const { connectionId, journal, calls } = this.deps;
      const call = me && calls.read(node, me);
      if (call) await journal.commit({ entries: [{ kind: 'call', connectionId, ...call, me }] });
      if (call?.status === 'offered' && node.attrs.offline === undefined) this.deps.onRinging(call);
    } catch (error) {
      return this.deps.failClosed(error);
    }
    await handOver(node);
  }

  /** Like a receipt: in the log, and in the cache of groups. Whose phone is new is known before Baileys asks for its keys. */
  async notification(node: BinaryNode, handOver: HandOver): Promise<void> {
    const me = this.deps.me();
    try {
      const { connectionId, journal, groups } = this.deps;
      const user = RenewedIdentities.userOf(node);
      if (user !== null) {
        // Their devices are asked for anew, too.
        await this.deps.userDevicesCache.del(user);
        await journal.commit({ keys: { connectionId, mutations: groups.renewed.mutationsOf(user) } });
      }
      if (me && isGroupNotification(node)) {
        const stored = toStoredNode(node);
        const mutations = {
          ...groups.mutationsOf(stored, [me.id, ...(me.lid ? [me.lid] : [])]),
          ...timerNotice(stored),
        };
        await journal.commit({
          entries: [{ kind: 'notification', connectionId, node: stored, me }],
          keys: { connectionId, mutations },
        });
      }
    } catch (error) {
      return this.deps.failClosed(error);
    }
    await handOver(node);
  }
}
