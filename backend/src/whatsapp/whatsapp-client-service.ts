import type { CallFacts, ConnectionRecord } from '../journal/records.js';
import { withDeadline } from '../lib/deadline.js';
import { deferred } from '../lib/deferred.js';
import { GatewayError } from '../lib/errors.js';
import { pnJid } from '../lib/phone-number.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { AccountCare } from './account-care.js';
import { adviceFor, banEndOf } from './advice.js';
import { ClientCalls } from './client-calls.js';
import type { ClientEvents } from './client-events.js';
import { ConnectionMachine, type ConnectionMachineDeps } from './connection-machine.js';
import { ContactLearner } from './contact-learner.js';
import type { DecryptFailures } from './decrypt-failures.js';
import { DISCONNECT_TABLE } from './disconnect-table.js';
import type { Estado } from './estado.js';
import { GroupCache } from './group-cache.js';
import { Lanes } from './lanes.js';
import type { ClientInfo, MediaToSend, PoolUseCases, SentInfo } from './pool-faces.js';
import { isPaired, type QrCode } from './pairing.js';

export type WhatsAppClientDeps = Omit<ConnectionMachineDeps, 'lanes' | 'contacts'> & {
  /** What sends and shows a client; made after it. */
  useCases: () => PoolUseCases;
};

const PAIRING_DEADLINE_MS = 15_000;
const LOGOUT_DEADLINE_MS = 5_000;
const REJECT_DEADLINE_MS = 10_000;
/** With an open socket: logged in, or waiting for a person. */
const SOCKET_AT_REST = new Set<Estado>(['ready', 'qr_ready', 'pairing']);

/**
 * One WhatsApp number: at most one socket, and a state that says what a person would see.
 *
 * ## States
 * - **idle**: known, not started.
 * - **initializing**: a socket is being opened. → qr_ready (never paired), ready (paired), reconnecting.
 * - **qr_ready**: a code is shown and rotates. → authenticated (scanned), disconnected (nobody scanned),
 *   passkey_required (the phone wants a passkey, which Baileys cannot do).
 * - **pairing**: a pairing code was asked for. → authenticated.
 * - **authenticated**: paired; WhatsApp asks for a new socket (515). → ready.
 * - **ready**: logged in; sends and receives. → reconnecting and all ends.
 * - **reconnecting**: the socket ended; the next one waits for its time (disconnect table). → ready.
 * - **disconnected**, **logged_out**, **error**, **conflict**, **banned**, **outdated**: see the disconnect table.
 *
 * Commands may come at any time and side by side: the last one wins, and the socket's place is reserved before anything
 * is awaited (`SocketLife`).
 */
export class WhatsAppClientService {
  readonly connectionId: string;
  readonly events: TypedEmitter<ClientEvents>;
  /** What can be asked of WhatsApp now: relay, lookups, groups. */
  readonly calls: ClientCalls;
  readonly #machine: ConnectionMachine;
  readonly #groups: GroupCache;
  readonly #contacts: ContactLearner;
  /** Counts commands: one that has been overtaken while it waited does nothing more. */
  #command = 0;

  constructor(private readonly deps: WhatsAppClientDeps) {
    const { journal, events } = deps;
    const { connectionId } = deps.record;
    this.connectionId = connectionId;
    this.events = events;
    const log = deps.log.child({ connectionId });
    const lanes = new Lanes();
    this.#groups = new GroupCache({ connectionId, journal, clock: deps.clock });
    this.#contacts = new ContactLearner({ connectionId, journal, groups: this.#groups, log });
    this.#machine = new ConnectionMachine({ ...deps, log, lanes, contacts: this.#contacts });
    this.calls = new ClientCalls({ lanes, contacts: this.#contacts, socket: () => this.#machine.loggedIn() });
  }

  get estado(): Estado {
    return this.#machine.estado;
  }
  get record(): Readonly<ConnectionRecord> {
    return this.#machine.state.record;
  }
  /** Whether the account may begin new chats. */
  get care(): AccountCare {
    return this.#machine.care;
  }
  /** Messages that could not be decrypted. */
  get undecryptable(): DecryptFailures {
    return this.#machine.undecryptable;
  }
  /** What a person should do now, in Portuguese; null when nothing. */
  get advice(): string | null {
    return adviceFor(this.estado, this.record.motivo);
  }
  /** This number's own address; without a socket as it was last known, without a device. */
  get me(): { id: string; lid: string | null } | null {
    const { numero, lid } = this.record;
    return this.#machine.life.me ?? (numero === null ? null : { id: pnJid(numero), lid });
  }
  /** Whether a socket is on its way to being logged in by itself. */
  get loggingIn(): boolean {
    return this.#machine.life.state !== 'closed' && !SOCKET_AT_REST.has(this.estado);
  }
  get paired(): boolean {
    // Every send asks, and the credentials are the largest record there is.
    if (this.estado === 'ready') return true;
    return isPaired(this.deps.journal.auth.creds(this.connectionId) as Parameters<typeof isPaired>[0]);
  }
  get qr(): QrCode | null {
    return this.#machine.life.qr;
  }
  /** Figures for health checks; times in ms since the epoch. */
  get probes(): { lastFrameAt: number | null; oldestUnfinishedAt: number | null; reconnectTries: number } {
    const { lastFrameAt, oldestUnfinishedAt } = this.#machine.life;
    return { lastFrameAt, oldestUnfinishedAt, reconnectTries: this.#machine.reconnector.tries };
  }

  /** Sends a text, through the outbox. @throws NOT_PAIRED and what a send can end with */
  sendMessage(to: string, text: string): Promise<SentInfo> {
    return this.deps.useCases().sendText(this.connectionId, to, text);
  }

  /** Sends a file, through the outbox. @throws as `sendMessage`, and what a file can be refused with */
  sendMedia(
    to: string,
    media: Pick<MediaToSend, 'type' | 'url' | 'base64'>,
    options: Omit<MediaToSend, 'type' | 'url' | 'base64'> = {},
  ): Promise<SentInfo> {
    return this.deps.useCases().sendMedia(this.connectionId, to, { ...options, ...media });
  }

  /** This client in words of a pool; null when it was deleted. */
  async getInfo(): Promise<ClientInfo | null> {
    const all = await this.deps.useCases().list();
    return all.find(({ clientId }) => clientId === this.connectionId) ?? null;
  }

  /** Opens the connection; when it is open or opening already, nothing happens. Does not wait for `ready`. */
  initialize(): void {
    this.#command += 1;
    this.#machine.start();
    this.#machine.state.want('connected');
    if (this.#machine.life.state !== 'closed') return;
    this.#machine.reconnector.cancel();
    const banEndsAt = banEndOf(this.record.motivo);
    // No attempt before a ban ends, not even after a restart or by a person.
    if (banEndsAt !== null && banEndsAt > this.deps.clock.now()) {
      this.#machine.reconnector.plan(DISCONNECT_TABLE[402]!, banEndsAt);
      return;
    }
    this.#machine.move('initializing', null);
    this.#machine.life.open();
  }

  /** Other settings from the next event on, durably; another proxy by a new socket at once. @throws JOURNAL_FAILED */
  async configure(changes: Pick<ConnectionRecord, 'settings' | 'proxy'>): Promise<void> {
    await this.#machine.state.configure(changes);
    if (changes.proxy === undefined) return;
    if (this.#machine.life.state !== 'closed' || this.estado === 'reconnecting') await this.reconnect();
  }

  /** By a person: the session is kept, nothing reconnects until `initialize` or `reconnect`. */
  async disconnect(): Promise<void> {
    this.#machine.state.want('disconnected');
    if (await this.#closed()) this.#machine.move('disconnected', 'DISCONNECTED_BY_USER');
  }

  /** A new socket at once, whatever was waited for. */
  async reconnect(): Promise<void> {
    this.#machine.reconnector.reset();
    if (await this.#closed()) this.initialize();
  }

  /** Removes this device from the account (best effort when the socket is down) and deletes its keys. */
  async logout(): Promise<void> {
    this.#machine.state.want('disconnected');
    const open = this.#machine.loggedIn();
    if (open) {
      // WhatsApp answers with the close of a device that was removed: no loss to tell of, and nothing to decide.
      this.#machine.leave();
      await withDeadline(open.sock.logout(), LOGOUT_DEADLINE_MS, 'logout').catch((error) =>
        this.deps.log.warn('WhatsApp did not confirm the logout', { connectionId: this.connectionId, error }),
      );
    }
    await this.#closed();
    await this.deps.journal.auth.delete(this.connectionId);
    this.#machine.move('logged_out', 'LOGGED_OUT_BY_USER', { numero: null, lid: null });
  }

  /** The process ends: the socket closes, the state stays what people want of it. */
  async stop(): Promise<void> {
    this.#machine.stop();
    await this.#closed();
    this.#machine.state.flush();
    this.#machine.life.dispose();
    this.#groups.close();
    this.care.stop();
  }

  /** Another connection got through after an outage, or a person asks: try now instead of waiting. @returns whether it does */
  wake(): boolean {
    return this.#machine.reconnector.wake();
  }

  /**
   * Pairs by phone number instead of QR.
   * @param digits with country code.
   * @returns the 8 characters to type into the phone.
   */
  async requestPairingCode(digits: string): Promise<string> {
    if (this.paired) throw new GatewayError('ALREADY_PAIRED');
    // Not before WhatsApp has offered to pair: Baileys sets `me` at once, and a handshake with that is a login (401).
    if (!this.qr) await this.waitFor('qr_ready', PAIRING_DEADLINE_MS);
    const { sock } = this.#machine.life;
    if (!sock) throw new GatewayError('NOT_CONNECTED');
    try {
      const code = await withDeadline(sock.requestPairingCode(digits), PAIRING_DEADLINE_MS, 'pairing code');
      this.#machine.move('pairing', null);
      return code;
    } catch (cause) {
      throw new GatewayError('PAIRING_FAILED', undefined, { cause });
    }
  }

  /** Resolves when the connection is in that state; at once when it is. Rejects DEADLINE_EXCEEDED. */
  async waitFor(estado: Estado, ms: number): Promise<void> {
    if (this.estado === estado) return;
    const reached = deferred();
    const off = this.events.on('stateChanged', (event) => {
      if (event.connectionId === this.connectionId && event.estado === estado) reached.resolve();
    });
    try {
      await withDeadline(reached.promise, ms, `state ${estado}`);
    } finally {
      off();
    }
  }

  /** Rejects a call that rings, on all devices of the account. @throws NOT_CONNECTED, DEADLINE_EXCEEDED */
  async rejectCall({ callId, caller }: CallFacts): Promise<void> {
    const open = this.#machine.loggedIn();
    if (!open) throw new GatewayError('NOT_CONNECTED');
    this.#machine.life.calls.settle(callId, 'rejected');
    await withDeadline(open.sock.rejectCall(callId, caller.jid), REJECT_DEADLINE_MS, 'rejecting a call');
  }

  /** WhatsApp has accepted a message of the API: it counts like one that came in. */
  sent(): void {
    this.#machine.state.active(1);
  }

  /** Gives out what Baileys may be holding back (watchdog, the first rung). */
  flush(): void {
    this.#machine.life.flush();
  }

  /** Cuts the socket as if the network had (watchdog): the disconnect table takes it from there. */
  recycle(reason: string): void {
    this.deps.log.warn('socket recycled', { connectionId: this.connectionId, reason });
    this.#machine.life.end(reason, 428);
  }

  /** Ends whatever is open, opening or waiting. @returns whether no later command has come meanwhile */
  async #closed(): Promise<boolean> {
    const command = ++this.#command;
    this.#machine.reconnector.cancel();
    this.care.closed();
    await this.#machine.life.close();
    return command === this.#command;
  }
}
