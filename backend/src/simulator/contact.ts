import type { proto } from '@whiskeysockets/baileys';
import type { Group } from './group.js';
import type { ReceivedMessage } from './inbox.js';
import { asMessage, stanzaKind, type Content } from './message-shape.js';
import type { Outgoing, Prepared } from './author.js';
import { freshMessageId, Person, type PersonOptions } from './person.js';
import type { Phone } from './phone.js';
import { PhoneCall, type CallOptions } from './phone-call.js';
import type { Incoming } from './receiver.js';
import { sealedEdit } from './sealed-change.js';
import type { SentMessage } from './sent-message.js';
import { node, seconds, uint } from './stanzas.js';
import type { World } from './world.js';

export interface ContactOptions extends PersonOptions {
  /** Which of the two identities this contact writes under. Default `pn`. */
  addressing?: 'pn' | 'lid';
  /** Default true. */
  registered?: boolean;
  /** Whether the server tells which LID and number belong together. Default true. */
  hasLidMapping?: boolean;
}

export interface SendOptions {
  id?: string;
  /** Milliseconds since the epoch; the wire has whole seconds. */
  timestamp?: number;
  /** Spoils the message on its way: see `Outgoing.damage`. */
  damage?: 'corrupt' | 'unavailable';
}

export type ReceiptType = 'delivered' | 'read' | 'played';

const MAX_RETRIES = 5;

/** A customer with a phone of their own, who writes to accounts and reads what they send. */
export class Contact extends Person {
  addressing: 'pn' | 'lid';
  hasLidMapping: boolean;
  /** What this contact's phone reports by itself. `read` sends both. */
  autoReceipts: 'none' | 'delivered' | 'read' = 'delivered';
  /** Whether unreadable messages are asked for again by itself, as phones do. */
  autoRetries = true;
  /** Whether anybody may add this contact to groups; else an invitation is made instead. */
  acceptsGroupAdds = true;
  readonly #known = new Map<string, Incoming>();
  readonly #retries = new Map<string, number>();

  constructor(world: World, options: ContactOptions) {
    super(world, options);
    this.addressing = options.addressing ?? 'pn';
    this.registered = options.registered ?? true;
    this.hasLidMapping = options.hasLidMapping ?? true;
  }

  /** The address this contact writes under. */
  get jid(): string {
    return this.addressing === 'lid' ? this.lidJid : this.pnJid;
  }

  /** Writes to an account. Returns at once; messages of one contact arrive in the order of the calls. */
  send(phone: Phone, content: Content, options: SendOptions = {}): SentMessage {
    return this.author.post(this.#outgoing(phone, content, options));
  }

  /** Calls an account: it rings until `end`, or until one of its devices rejects it. */
  call(phone: Phone, options: CallOptions = {}): PhoneCall {
    const pn = this.hasLidMapping || this.addressing === 'pn' ? this.pnJid : undefined;
    return new PhoneCall({ jid: this.jid, pn, name: this.name }, phone, options).ring();
  }

  /** Encrypts now and sends on `release`. */
  prepare(phone: Phone, content: Content, options: SendOptions = {}): Promise<Prepared> {
    return this.author.prepare(this.#outgoing(phone, content, options));
  }

  /** Writes to a group; every account that is a member gets it. */
  sendToGroup(group: Group, content: Content, options: SendOptions = {}): SentMessage {
    const message = asMessage(content);
    const self = group.addressOf(this);
    const attrs = {
      ...this.#envelope(message, options),
      from: group.jid,
      participant: self,
      addressing_mode: group.addressing,
      ...(group.addressing === 'lid'
        ? { participant_pn: this.hasLidMapping ? this.pnJid : undefined }
        : { participant_lid: this.hasLidMapping ? this.lidJid : undefined }),
    };
    const companions = group.phones.flatMap((phone) => phone.companions);
    return this.author.post({
      id: attrs.id,
      companions,
      attrs,
      message,
      group: { jid: group.jid, self },
      ...(options.damage ? { damage: options.damage } : {}),
    });
  }

  /** What this contact's phone sends for an edit of its own message `id` when it seals it, as newer ones do.
   *  @throws Error when it has not written that message, or without a secret */
  sealedEdit(id: string, words: string, address = this.jid): proto.IMessage {
    const secret = this.author.original(id)?.messageContextInfo?.messageSecret;
    if (!secret) throw new Error(`${this.number} has written no message ${id} with a secret`);
    return sealedEdit({ id, secret, author: address }, address, words);
  }

  /** Reports a message of an account as delivered, read or played. @throws Error when it never arrived */
  sendReceipt(id: string, type: ReceiptType = 'delivered'): void {
    const incoming = this.#incoming(id);
    const attrs = { id, ...this.#replyAddress(incoming), t: seconds(), type: type === 'delivered' ? undefined : type };
    incoming.companion.mailbox.post({ stanza: node('receipt', attrs) });
  }

  /** Says that a message could not be read and asks for it again. @throws Error when it never arrived */
  requestRetry(id: string): void {
    const incoming = this.#incoming(id);
    const count = (this.#retries.get(id) ?? 0) + 1;
    this.#retries.set(id, count);
    const { companion } = incoming;
    const by = this.pnJid;
    this.world.history.record({ kind: 'send.retryRequested', id, companion: companion.jid, by, count });
    const t = seconds();
    const stanza = node('receipt', { id, ...this.#replyAddress(incoming), t, type: 'retry' }, [
      node('retry', { count: String(count), id, t, v: '1' }),
      node('registration', {}, uint(this.device.registrationId, 4)),
    ]);
    companion.mailbox.post({ stanza });
  }

  /** Shows "typing…" (or stops it) to every connected companion of the account. */
  typing(phone: Phone, state: 'composing' | 'paused' | 'recording' = 'composing'): void {
    const child = state === 'recording' ? node('composing', { media: 'audio' }) : node(state);
    for (const { connection } of phone.companions) connection?.send(node('chatstate', { from: this.jid }, [child]));
  }

  /** Loses the sessions with an account, as after reinstalling: its next message cannot be read. */
  forgetSessions(phone: Phone): void {
    for (const companion of phone.companions) this.device.forgetSession(companion.lid);
  }

  /** Installs WhatsApp anew: sessions and sender keys are gone, and the server tells an account that the identity changed. */
  reinstall(phone: Phone): void {
    this.device.forgetEverything();
    const attrs = { id: freshMessageId(), from: this.jid, type: 'encrypt', t: seconds() };
    for (const { mailbox } of phone.companions)
      mailbox.post({ stanza: node('notification', attrs, [node('identity')]) });
  }

  protected onRead({ id }: ReceivedMessage, incoming: Incoming): void {
    this.#known.set(id, incoming);
    if (this.autoReceipts !== 'none') this.sendReceipt(id, 'delivered');
    if (this.autoReceipts === 'read') this.sendReceipt(id, 'read');
  }

  protected onUnreadable(incoming: Incoming): void {
    this.#known.set(incoming.id, incoming);
    const asked = this.#retries.get(incoming.id) ?? 0;
    if (this.autoRetries && asked < MAX_RETRIES) this.requestRetry(incoming.id);
  }

  #outgoing(phone: Phone, content: Content, options: SendOptions): Outgoing {
    const message = asMessage(content);
    const attrs = { ...this.#envelope(message, options), from: this.jid, ...this.#otherIdentity() };
    const { damage } = options;
    return { id: attrs.id, companions: phone.companions, attrs, message, ...(damage ? { damage } : {}) };
  }

  #envelope(message: Parameters<typeof stanzaKind>[0], options: SendOptions) {
    const { type, edit } = stanzaKind(message);
    return { id: options.id ?? freshMessageId(), t: seconds(options.timestamp), type, edit, notify: this.name };
  }

  #otherIdentity(): Record<string, string | undefined> {
    if (this.addressing === 'lid') {
      return { addressing_mode: 'lid', sender_pn: this.hasLidMapping ? this.pnJid : undefined };
    }
    return { sender_lid: this.hasLidMapping ? this.lidJid : undefined };
  }

  // Answers go to the address the account used, whatever the contact itself writes under.
  #replyAddress({ to, group }: Incoming): Record<string, string | undefined> {
    return group ? { from: to, participant: this.world.directory.group(to)?.addressOf(this) } : { from: to };
  }

  #incoming(id: string): Incoming {
    const incoming = this.#known.get(id);
    if (!incoming) throw new Error(`${this.number} has no message ${id}`);
    return incoming;
  }
}
