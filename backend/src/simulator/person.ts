import type { proto } from '@whiskeysockets/baileys';
import { randomBytes } from 'node:crypto';
import { Author } from './author.js';
import type { ReceivedMessage } from './inbox.js';
import { Receiver, type Incoming } from './receiver.js';
import { SignalDevice } from './signal-device.js';
import type { World } from './world.js';

export interface PersonOptions {
  /** Digits only, with country code. */
  number: string;
  /** The user part of the LID; chosen when missing. */
  lid?: string;
  name?: string;
}

/** Somebody with a WhatsApp number and a phone: what the owner of an account and a customer have in common. */
export abstract class Person {
  readonly number: string;
  readonly lid: string;
  readonly name: string | undefined;
  readonly device = new SignalDevice();
  readonly author: Author;
  readonly receiver: Receiver;
  /** Where the profile picture lies; null = there is none that others may see. */
  pictureUrl: string | null = null;
  /** Whether the number has WhatsApp. */
  registered = true;

  constructor(
    protected readonly world: World,
    options: PersonOptions,
  ) {
    if (!/^\d{5,20}$/.test(options.number)) throw new Error('number must be 5 to 20 digits');
    this.number = options.number;
    this.lid = options.lid ?? world.directory.freshLid();
    this.name = options.name;
    this.author = new Author(world, this.device);
    this.receiver = new Receiver({
      world,
      device: this.device,
      jid: this.pnJid,
      onRead: (received, incoming) => this.onRead(received, incoming),
      onUnreadable: (incoming) => this.onUnreadable(incoming),
      onPeerRequest: (request, incoming) => this.onPeerRequest(request, incoming),
    });
  }

  get pnJid(): string {
    return `${this.number}@s.whatsapp.net`;
  }

  get lidJid(): string {
    return `${this.lid}@lid`;
  }

  /** Everything readable that has arrived so far, oldest first. */
  get inbox(): ReceivedMessage[] {
    return this.receiver.inbox.messages;
  }

  /** The next message no earlier call has returned, waiting up to `deadlineMs` for it.
   *  @throws GatewayError DEADLINE_EXCEEDED */
  nextMessage(matches?: (message: ReceivedMessage) => boolean, deadlineMs?: number): Promise<ReceivedMessage> {
    return this.receiver.inbox.next(matches, deadlineMs);
  }

  protected abstract onRead(received: ReceivedMessage, incoming: Incoming): void;
  protected abstract onUnreadable(incoming: Incoming): void;

  protected onPeerRequest(_request: proto.Message.IPeerDataOperationRequestMessage, _incoming: Incoming): void {
    // Only the owner's phone is ever asked.
  }
}

/** A message id as Android phones make them. */
export const freshMessageId = (): string => randomBytes(16).toString('hex').toUpperCase();
