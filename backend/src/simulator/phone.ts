import type { Outgoing } from './author.js';
import { Companion } from './companion.js';
import type { Contact } from './contact.js';
import type { Group } from './group.js';
import type { ReceivedMessage } from './inbox.js';
import { asMessage, stanzaKind, type Content } from './message-shape.js';
import { freshMessageId, Person } from './person.js';
import { Past } from './past.js';
import { placeholderAnswer } from './placeholder-resend.js';
import type { PreKeyBundle } from './prekey-bundle.js';
import type { Incoming } from './receiver.js';
import type { SentMessage } from './sent-message.js';
import { Standing, type ChatCap } from './standing.js';
import { node, seconds } from './stanzas.js';

const DEVICE_REMOVED = 401;

/** The owner of an account, with the phone that links and unlinks devices. Its inbox holds its own copies of what the
 *  companions send. */
export class Phone extends Person {
  /** Scans of this account ask for a passkey, which Baileys cannot give. */
  requiresPasskey = false;
  readonly standing = new Standing();
  /** Old chats; they reach a device when it is told of them, or asks. */
  readonly past = new Past(this.world.media);
  /** LIDs of people whom the account has blocked. */
  readonly blocked = new Set<string>();
  readonly #companions: Companion[] = [];
  #nextDevice = 1;

  /** The linked devices, oldest first. */
  get companions(): readonly Companion[] {
    return this.#companions;
  }

  /**
   * Scans the QR that a client shows and links it.
   * @param qr the text of Baileys' `connection.update`
   * @param options.refresh first send `companion_reg_refresh`: this scan fails, and only a QR with a new adv secret works
   * @returns the new device, once the client has signed; it still has to log in
   * @throws Error when the QR is stale or the client has gone
   */
  async scan(qr: string, options: { refresh?: boolean } = {}): Promise<Companion> {
    const [ref = '', , , advSecret = ''] = qr.slice(qr.indexOf('#') + 1).split(',');
    const registration = this.world.registrations.byRef(ref);
    if (!registration) throw new Error('the QR is stale: no client shows its ref any more');
    if (this.world.faults.takeRefresh() || options.refresh) registration.refresh(advSecret);
    registration.assertFresh(advSecret);
    if (this.requiresPasskey) {
      registration.askForPasskey();
      throw new Error('the phone waits for a passkey');
    }
    return registration.link(this, Buffer.from(advSecret, 'base64'), 'qr');
  }

  /** Types the code a client shows for this number. @throws Error when no client waits for it, or it is wrong */
  async enterPairingCode(code: string): Promise<Companion> {
    const registration = await this.world.registrations.byCodeFor(this.pnJid);
    if (!registration?.code) throw new Error(`no client waits for a pairing code of ${this.number}`);
    const advSecret = await registration.code.enter(code.replace('-', ''), this);
    return registration.link(this, advSecret, 'code');
  }

  /** Removes a linked device (all of them when none is named): 401 now if connected, and at every login. */
  unlink(companion?: Companion): void {
    for (const each of companion ? [companion] : [...this.#companions]) {
      this.#remove(each, 'phone');
      each.connection?.streamError(DEVICE_REMOVED);
    }
  }

  /** WhatsApp locks the account out of new chats until then (null: not any more), and tells its devices. */
  lockReachout(until: Date | null): void {
    this.standing.lockedUntil = until?.getTime() ?? null;
    for (const { mailbox } of this.#companions) mailbox.post({ stanza: this.standing.timelockNotification() });
  }

  /** Blocks somebody, or lets them go; linked devices are told. @param by the device that asked for it; null = the phone */
  block(person: Person, action: 'block' | 'unblock', by: Companion | null = null): void {
    if (action === 'block') this.blocked.add(person.lidJid);
    else this.blocked.delete(person.lidJid);
    this.world.history.record({ kind: 'blocklist.changed', companion: by?.jid ?? null, jid: person.lidJid, action });
    const attrs = { from: this.pnJid, type: 'account_sync', id: freshMessageId(), t: seconds() };
    const content = [node('blocklist', {}, [node('item', { jid: person.lidJid, action })])];
    for (const companion of this.#companions) {
      if (companion !== by) companion.mailbox.post({ stanza: node('notification', attrs, content) });
    }
  }

  /** WhatsApp sets the quota of new chats, and tells the account's devices. */
  capNewChats(cap: ChatCap): void {
    this.standing.cap = cap;
    for (const { mailbox } of this.#companions) mailbox.post({ stanza: this.standing.capNotification() });
  }

  /** Writes to a chat on the phone itself; the companions get their copy. `to`: a contact, a group, or any JID. */
  sendFromPhone(
    to: Contact | Group | string,
    content: Content,
    options: { id?: string; timestamp?: number } = {},
  ): SentMessage {
    const destinationJid = typeof to === 'string' ? to : to.jid;
    const message = asMessage(content);
    const { type, edit } = stanzaKind(message);
    const id = options.id ?? freshMessageId();
    const attrs = { id, from: this.pnJid, recipient: destinationJid, t: seconds(options.timestamp), type, edit };
    const named = { ...attrs, notify: this.name, ...this.#otherRecipient(destinationJid) };
    return this.#post(id, named, { deviceSentMessage: { destinationJid, message } });
  }

  /** Hands all old chats over to a device, as after linking. */
  async syncHistory(companion: Companion): Promise<SentMessage> {
    return this.sendPeer(companion, await this.past.announcement());
  }

  /** @internal A message from the phone to its own companion: key shares, history. */
  sendPeer(companion: Companion, message: Outgoing['message']): SentMessage {
    const id = freshMessageId();
    const attrs = { id, from: this.pnJid, t: seconds(), type: 'text', category: 'peer', push_priority: 'high' };
    return this.author.post({ id, companions: [companion], attrs, message });
  }

  /** @internal A device that is being linked; it counts from `adopt` on. */
  newCompanion(noiseKey: Uint8Array, bundle: PreKeyBundle): Companion {
    return new Companion(this.world, this, this.#nextDevice++, noiseKey, bundle);
  }

  /** @internal */
  adopt(companion: Companion): void {
    this.#companions.push(companion);
  }

  /** @internal The companion has logged itself out. */
  loggedOut(companion: Companion): void {
    this.#remove(companion, 'companion');
  }

  protected onRead(_received: ReceivedMessage, _incoming: Incoming): void {
    // The owner's phone shows it; nobody is told.
  }

  protected onUnreadable(_incoming: Incoming): void {
    // In the history; a phone does not ask its own companion again.
  }

  protected override onPeerRequest(...[request, { companion, id }]: Parameters<Person['onPeerRequest']>): void {
    if (!this.author.answersRetries) return;
    const answer = placeholderAnswer(this.world.directory, id, request);
    if (answer) this.sendPeer(companion, answer);
    const { historySyncOnDemandRequest: asked } = request;
    void (asked && this.past.answer(asked)?.then((history) => this.sendPeer(companion, history)));
  }

  #remove(companion: Companion, by: 'phone' | 'companion'): void {
    const index = this.#companions.indexOf(companion);
    if (index < 0) return;
    this.#companions.splice(index, 1);
    this.world.history.record({ kind: 'companion.unlinked', companion: companion.jid, by });
  }

  #otherRecipient(jid: string): Record<string, string | undefined> {
    const recipient = this.world.directory.find(jid);
    if (!recipient) return {};
    return jid.endsWith('@lid') ? { recipient_pn: recipient.pnJid } : { recipient_lid: recipient.lidJid };
  }

  #post(id: string, attrs: Outgoing['attrs'], message: Outgoing['message']): SentMessage {
    return this.author.post({ id, companions: [...this.#companions], attrs, message });
  }
}
