import type { BinaryNode, proto } from '@whiskeysockets/baileys';
import type { Companion } from './companion.js';
import { Inbox, type ReceivedMessage } from './inbox.js';
import { textOf } from './message-shape.js';
import type { SignalDevice } from './signal-device.js';
import { bytesOf } from './stanzas.js';
import type { World } from './world.js';

/** One message of an account, cut down to the parts that one device can read. */
export interface Incoming {
  readonly id: string;
  readonly companion: Companion;
  /** The `to` of the stanza: this device's user, or a group. */
  readonly to: string;
  readonly group: boolean;
  readonly parts: readonly BinaryNode[];
}

export interface ReceiverDeps {
  readonly world: World;
  readonly device: SignalDevice;
  readonly jid: string;
  /** A copy has been read (the first, or a repeated one that carried the id again). */
  readonly onRead: (received: ReceivedMessage, incoming: Incoming) => void;
  readonly onUnreadable: (incoming: Incoming) => void;
  /** A companion asks its own phone for something: no message, so it does not enter the inbox. */
  readonly onPeerRequest: (request: proto.Message.IPeerDataOperationRequestMessage, incoming: Incoming) => void;
}

/** The reading side of a phone: decrypts in order and fills the inbox. */
export class Receiver {
  readonly inbox = new Inbox();
  #work: Promise<void> = Promise.resolve();

  constructor(private readonly deps: ReceiverDeps) {}

  take(incoming: Incoming): void {
    this.#work = this.#work
      .then(() => this.#read(incoming))
      .catch((error: unknown) => this.deps.world.log.error('simulated phone could not read', { error }));
  }

  async #read(incoming: Incoming): Promise<void> {
    const { id, companion } = incoming;
    const { history } = this.deps.world;
    try {
      const message = await this.#decrypt(incoming);
      this.#deliver(incoming, message);
    } catch (error) {
      // The very bytes of a message that is already here: a real phone drops them by id and confirms once more.
      const known = this.inbox.get(companion.phone.pnJid, id);
      if (known) return this.#deliver(incoming, known.message);
      const text = error instanceof Error ? error.message : String(error);
      history.record({ kind: 'send.undecryptable', id, companion: companion.jid, by: this.deps.jid, error: text });
      this.deps.onUnreadable(incoming);
    }
  }

  async #decrypt({ companion, to, parts }: Incoming): Promise<proto.IMessage> {
    const { device } = this.deps;
    const message: proto.IMessage = {};
    for (const part of parts) {
      const bytes = bytesOf(part);
      const plain =
        part.attrs.type === 'skmsg'
          ? await device.decryptFromGroup(to, companion.lid, bytes)
          : await device.decrypt(companion.lid, part.attrs.type === 'pkmsg' ? 'pkmsg' : 'msg', bytes);
      if (plain.senderKeyDistributionMessage) {
        await device.learnSenderKey(companion.lid, plain.senderKeyDistributionMessage);
      }
      Object.assign(message, plain);
    }
    return message;
  }

  #deliver(incoming: Incoming, message: proto.IMessage): void {
    const { id, companion } = incoming;
    const content = message.deviceSentMessage?.message ?? message;
    const request = content.protocolMessage?.peerDataOperationRequestMessage;
    if (request) return this.deps.onPeerRequest(request, incoming);
    const chat = message.deviceSentMessage?.destinationJid ?? incoming.to;
    const from = companion.phone.pnJid;
    const received = this.inbox.add({ id, from, chat, message: content, text: textOf(content) });
    const { copies } = received;
    this.deps.world.history.record({ kind: 'send.decrypted', id, companion: companion.jid, by: this.deps.jid, copies });
    this.deps.onRead(received, incoming);
  }
}
