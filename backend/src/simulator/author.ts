import type { BinaryNode, proto } from '@whiskeysockets/baileys';
import type { Companion } from './companion.js';
import type { Parcel } from './mailbox.js';
import { mediaType } from './message-shape.js';
import type { PreKeyBundle } from './prekey-bundle.js';
import { SentMessage } from './sent-message.js';
import type { Ciphertext, SignalDevice } from './signal-device.js';
import { node } from './stanzas.js';
import type { World } from './world.js';

/** A message on its way to one or more companions. */
export interface Outgoing {
  readonly id: string;
  readonly companions: readonly Companion[];
  /** Attributes of the `<message>` stanza. */
  readonly attrs: Record<string, string | undefined>;
  readonly message: proto.IMessage;
  /** Sent to a group: its JID and the author's own address in it (the name of the sender key). */
  readonly group?: { jid: string; self: string };
  /** `corrupt` spoils the ciphertext, `unavailable` sends none: either way the companion has to ask for it again. */
  readonly damage?: 'corrupt' | 'unavailable';
}

/** Encrypted, numbered and ready: `release` hands it to the companions' mailboxes. */
export interface Prepared {
  readonly sent: SentMessage;
  release(): void;
}

/**
 * The writing side of a phone: encrypts for companions, keeps one order for everything it writes, and writes a message
 * again, in a new session, when a companion could not read it.
 */
export class Author {
  /** False models a phone that is off: retry requests stay unanswered. */
  answersRetries = true;
  readonly #sent = new Map<string, Outgoing>();
  readonly #senderKeyKnownBy = new Set<string>();
  #work: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly world: World,
    private readonly device: SignalDevice,
  ) {}

  /** Encrypts and sends, after everything posted before. */
  post(outgoing: Outgoing): SentMessage {
    const sent = new SentMessage(outgoing.id, outgoing.companions);
    void this.#inOrder(async () => (await this.#seal(outgoing, sent)).release());
    return sent;
  }

  /** Encrypts now, sends later: bursts prepare everything first, so that the client is what is measured. */
  prepare(outgoing: Outgoing): Promise<Prepared> {
    return this.#inOrder(() => this.#seal(outgoing, new SentMessage(outgoing.id, outgoing.companions)));
  }

  /** What was written under that id; undefined when it was nothing. */
  original(id: string): proto.IMessage | undefined {
    return this.#sent.get(id)?.message;
  }

  /** A companion could not read message `id`: same id, new session, `count` on the enc.
   *  @param waiting the message as it waits in the companion's mailbox; undefined when that has receipted it before
   *  @param keys the bundle that came with the request, or null to take one from the server */
  async retry(
    companion: Companion,
    id: string,
    waiting: Parcel | undefined,
    count: number,
    keys: PreKeyBundle | null,
  ): Promise<void> {
    const outgoing = this.#sent.get(id);
    if (!outgoing || !this.answersRetries) return;
    await this.#inOrder(async () => {
      await this.device.openSession(companion.lid, keys ?? companion.takeBundle());
      const stanza = node('message', outgoing.attrs, [await this.#direct(outgoing, companion, count)]);
      const session = this.device.generation(companion.lid);
      const confirm = () => this.device.confirm(companion.lid, session);
      companion.mailbox.redeliver(Object.assign(waiting ?? { onReceipt: confirm }, { stanza, session }));
    });
  }

  async #seal(outgoing: Outgoing, sent: SentMessage): Promise<Prepared> {
    this.#sent.set(outgoing.id, outgoing);
    const parcels: [Companion, Parcel][] = [];
    for (const companion of outgoing.companions)
      parcels.push([companion, await this.#parcel(outgoing, companion, sent)]);
    return { sent, release: () => parcels.forEach(([companion, parcel]) => companion.mailbox.post(parcel)) };
  }

  async #parcel(outgoing: Outgoing, companion: Companion, sent: SentMessage): Promise<Parcel> {
    const content = outgoing.group
      ? await this.#forGroup(outgoing, companion)
      : [await this.#direct(outgoing, companion)];
    const stanza = node('message', outgoing.attrs, outgoing.damage ? damaged(content, outgoing.damage) : content);
    const parcel: Parcel = { stanza, session: this.device.generation(companion.lid) };
    parcel.onReceipt = (type) => {
      this.device.confirm(companion.lid, parcel.session ?? 0);
      sent.receiptedBy(companion, type);
    };
    parcel.onRefused = (error) => sent.refusedBy(companion, error);
    return parcel;
  }

  async #direct(outgoing: Outgoing, companion: Companion, count?: number): Promise<BinaryNode> {
    const { group } = outgoing;
    // A retried group message goes out 1:1, and brings the sender key along for the next ones.
    const key = group && count ? await this.#senderKey(group) : undefined;
    const message = key ? { ...outgoing.message, senderKeyDistributionMessage: key } : outgoing.message;
    return enc(await this.#encrypt(companion, message), mediaType(outgoing.message), count);
  }

  async #forGroup(outgoing: Outgoing, companion: Companion): Promise<BinaryNode[]> {
    const group = outgoing.group!;
    const parts: BinaryNode[] = [];
    const key = `${group.jid} ${companion.lid}`;
    if (!this.#senderKeyKnownBy.has(key)) {
      const senderKeyDistributionMessage = await this.#senderKey(group);
      parts.push(enc(await this.#encrypt(companion, { senderKeyDistributionMessage })));
      this.#senderKeyKnownBy.add(key);
    }
    const { ciphertext } = await this.device.encryptForGroup(group.jid, group.self, outgoing.message);
    return [...parts, node('enc', { v: '2', type: 'skmsg', mediatype: mediaType(outgoing.message) }, ciphertext)];
  }

  async #senderKey(group: { jid: string; self: string }): Promise<proto.Message.ISenderKeyDistributionMessage> {
    const bytes = await this.device.senderKey(group.jid, group.self);
    return { groupId: group.jid, axolotlSenderKeyDistributionMessage: bytes };
  }

  async #encrypt(companion: Companion, message: proto.IMessage): Promise<Ciphertext> {
    const address = companion.lid;
    if (!this.device.hasSession(address)) await this.device.openSession(address, companion.takeBundle());
    return this.device.encrypt(address, message);
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch((error: unknown) => this.world.log.error('simulated phone could not write', { error }));
    return done;
  }
}

const enc = ({ type, bytes }: Ciphertext, mediatype?: string, count?: number): BinaryNode =>
  node('enc', { v: '2', type, mediatype, count: count === undefined ? undefined : String(count) }, bytes);

// Inside the MAC for both kinds: a `pkmsg` ends with at most 9 bytes of registration and key ids behind its MAC.
const SPOILED_OFFSET_FROM_END = 14;

function damaged(content: BinaryNode[], damage: 'corrupt' | 'unavailable'): BinaryNode[] {
  if (damage === 'unavailable') return [node('unavailable')];
  return content.map((part) => {
    const bytes = Buffer.from(part.content as Uint8Array);
    const at = bytes.length - SPOILED_OFFSET_FROM_END;
    bytes[at] = bytes[at]! ^ 0xff;
    return { ...part, content: bytes };
  });
}
