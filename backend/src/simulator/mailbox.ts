import { jidNormalizedUser, type BinaryNode } from '@whiskeysockets/baileys';
import type { Connection } from './connection.js';
import type { Faults } from './faults.js';
import type { History } from './history.js';
import { node } from './stanzas.js';

/** One stanza the server keeps for a companion until that has acknowledged it. */
export interface Parcel {
  stanza: BinaryNode;
  /** Called once, when the companion's receipt (or plain ack) for it arrives. `type` is the receipt's. */
  onReceipt?: (type: string | null) => void;
  /** Called when the companion refuses the stanza (`<ack error>`); it is dropped then, as WhatsApp does. */
  onRefused?: (error: number | null) => void;
  /** The generation of the Signal session it is encrypted in; see `SignalDevice.confirm`. */
  session?: number;
  /** Called with the retry receipt when the author is another companion; else the author's phone answers it. */
  onRetry?: (receipt: BinaryNode) => void;
  /** How often it has been written to a socket. */
  attempts?: number;
}

/**
 * The server-side queue of one companion. A stanza stays until it is acknowledged; what was not goes out again at the
 * next login, marked `offline`, in the original order.
 */
export class Mailbox {
  readonly #parcels = new Set<Parcel>();
  readonly #byId = new Map<string, Set<Parcel>>();
  readonly #retryNacks = new Set<string>();
  #live: Connection | null = null;

  constructor(private readonly deps: { companion: string; history: History; faults: Faults }) {}

  get size(): number {
    return this.#parcels.size;
  }

  post(parcel: Parcel): void {
    this.#parcels.add(parcel);
    const key = keyOf(parcel.stanza);
    const same = this.#byId.get(key) ?? new Set();
    this.#byId.set(key, same.add(parcel));
    const { id, from } = parcel.stanza.attrs;
    const { companion, history } = this.deps;
    if (parcel.stanza.tag === 'message') history.record({ kind: 'message.queued', id: id!, from: from!, companion });
    if (parcel.stanza.tag === 'receipt') {
      history.record({
        kind: 'receipt.queued',
        id: id!,
        from: from!,
        companion,
        type: parcel.stanza.attrs.type ?? null,
      });
    }
    if (this.#live) this.#deliver(this.#live, parcel, false);
  }

  /** Sends everything that waits, ends with `<ib><offline count/></ib>`, and from then on delivers at once. */
  goLive(connection: Connection): void {
    this.#retryNacks.clear();
    const waiting = [...this.#parcels];
    for (const parcel of waiting) this.#deliver(connection, parcel, true);
    connection.send(node('ib', {}, [node('offline', { count: String(waiting.length) })]));
    this.#live = connection;
  }

  goOffline(connection: Connection): void {
    if (this.#live === connection) this.#live = null;
  }

  /** The parcel that an acknowledgement of the companion means. @param from the sender, when several share the id. */
  find(tag: string, id: string, from?: string, type?: string): Parcel | undefined {
    // One message has several receipts (delivered, read): their acks differ by type alone.
    const fits = ({ stanza }: Parcel) => tag !== 'receipt' || stanza.attrs.type === type;
    const same = [...(this.#byId.get(`${tag} ${id}`) ?? [])].filter(fits);
    return same.find((parcel) => sameUser(parcel.stanza.attrs.from, from)) ?? same[0];
  }

  /** The companion asked for `id` again: the `ack error=500` it sends right after must not drop the retried message. */
  expectRetryNack(id: string): void {
    this.#retryNacks.add(id);
  }

  /** Whether a refusal of `id` is the one that `expectRetryNack` announced. */
  takeRetryNack(id: string): boolean {
    return this.#retryNacks.delete(id);
  }

  drop(parcel: Parcel): void {
    this.#parcels.delete(parcel);
    const same = this.#byId.get(keyOf(parcel.stanza));
    same?.delete(parcel);
    if (same?.size === 0) this.#byId.delete(keyOf(parcel.stanza));
  }

  /** Writes a parcel again in its new form (a retried message), if the companion is there. One that was acknowledged
   *  before (its duplicate could not be read) is queued anew. */
  redeliver(parcel: Parcel): void {
    if (!this.#parcels.has(parcel)) return this.post(parcel);
    if (this.#live) this.#deliver(this.#live, parcel, false);
  }

  #deliver(connection: Connection, parcel: Parcel, offline: boolean): void {
    const { stanza } = parcel;
    const copies = stanza.tag === 'message' && this.deps.faults.takeDuplicate() ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      parcel.attempts = (parcel.attempts ?? 0) + 1;
      connection.send(offline ? { ...stanza, attrs: { ...stanza.attrs, offline: String(parcel.attempts) } } : stanza);
      if (stanza.tag === 'message') this.#recordDelivery(parcel, offline);
    }
  }

  #recordDelivery({ stanza, attempts = 1 }: Parcel, offline: boolean): void {
    const { id, from } = stanza.attrs;
    const enc = Array.isArray(stanza.content) ? stanza.content.find((child) => child.tag === 'enc') : undefined;
    const retry = Number(enc?.attrs.count ?? 0);
    const { companion, history } = this.deps;
    history.record({ kind: 'message.delivered', id: id!, from: from!, companion, attempt: attempts, offline, retry });
  }
}

const keyOf = (stanza: BinaryNode) => `${stanza.tag} ${stanza.attrs.id}`;
const sameUser = (a: string | undefined, b: string | undefined) =>
  a !== undefined && b !== undefined && jidNormalizedUser(a) === jidNormalizedUser(b);
