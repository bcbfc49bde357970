import type { proto } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import { deferred } from '../lib/deferred.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import { AuthStore, type AuthEpoch } from './auth-store.js';
import { bareJid, ClientCalls, type OpenSocket } from './client-calls.js';
import type { ClientEvents } from './client-events.js';
import { ConnectionStateKeeper } from './connection-state.js';
import { ContactLearner } from './contact-learner.js';
import { disconnectRule, type DisconnectRule } from './disconnect-table.js';
import type { Estado } from './estado.js';
import { GatewaySocket, ServerError, type GatewaySocketDeps, type WhatsAppServer } from './gateway-socket.js';
import { Lanes } from './lanes.js';
import { isPaired, Pairing, type QrCode } from './pairing.js';
import { ReconnectSchedule } from './reconnect-schedule.js';
import { persistentRetryCounter } from './retry-counter.js';
import { UserDevicesCache } from './user-devices-cache.js';
import type { WebVersion } from './web-version.js';

export interface WhatsAppClientDeps {
  record: ConnectionRecord;
  journal: Journal;
  clock: Clock;
  log: Log;
  baileysLogger: GatewaySocketDeps['logger'];
  events: TypedEmitter<ClientEvents>;
  webVersion: WebVersion;
  server: WhatsAppServer;
  reconnectBaseMs: number;
  /** A message of ours by its id, for recipients who ask for it again. */
  getMessage: (connectionId: string, whatsappId: string) => proto.IMessage | undefined;
}

/** While connecting, a server that says nothing for so long is given up. */
const SILENT_CONNECT_MS = 20_000;
const PAIRING_DEADLINE_MS = 15_000;
const LOGOUT_DEADLINE_MS = 5_000;
/** 515 is part of pairing and of WhatsApp's own updates; more than this a minute is a loop. */
const RESTARTS_PER_MINUTE = 3;

/**
 * One WhatsApp number: at most one socket, and a state that says what a person would see.
 *
 * ## States
 * - **idle**: known, not started.
 * - **initializing**: a socket is being opened. → qr_ready (never paired), ready (paired), reconnecting.
 * - **qr_ready**: a code is shown and rotates. → authenticated (scanned), disconnected (nobody scanned).
 * - **pairing**: a pairing code was asked for. → authenticated.
 * - **authenticated**: paired; WhatsApp asks for a new socket (515). → ready.
 * - **ready**: logged in; sends and receives. → reconnecting and all ends.
 * - **reconnecting**: the socket ended; the next one waits for its time (disconnect table). → ready.
 * - **disconnected**, **logged_out**, **error**, **conflict**, **banned**, **outdated**: see the disconnect table.
 *
 * Every socket has an epoch; whatever an older one still says is ignored, and its key store refuses to work.
 */
export class WhatsAppClientService {
  readonly connectionId: string;
  readonly events: TypedEmitter<ClientEvents>;
  readonly #state: ConnectionStateKeeper;
  readonly #schedule: ReconnectSchedule;
  readonly #lanes = new Lanes();
  readonly #userDevices = new UserDevicesCache();
  readonly #contacts: ContactLearner;
  /** What can be asked of WhatsApp now: relay, lookups, groups. */
  readonly calls: ClientCalls;
  readonly #log: Log;
  #epoch = 0;
  #socket: GatewaySocket | null = null;
  #auth: AuthEpoch | null = null;
  #pairing: Pairing | null = null;
  /** Commits of the epoch before this one; the next socket waits for them. */
  #settled: Promise<void> = Promise.resolve();
  #cancelRetry: (() => void) | null = null;
  #cancelSilence: (() => void) | null = null;
  #restarts: number[] = [];
  #lastFrameAt: number | null = null;
  #lastQrAt: number | null = null;
  #advice: string | null = null;
  #stopped = false;

  constructor(private readonly deps: WhatsAppClientDeps) {
    this.connectionId = deps.record.connectionId;
    this.events = deps.events;
    this.#log = deps.log.child({ connectionId: this.connectionId });
    this.#schedule = new ReconnectSchedule(deps.reconnectBaseMs);
    this.#state = new ConnectionStateKeeper(deps.record, {
      journal: deps.journal,
      clock: deps.clock,
      onFailed: (error) => this.#log.error('state not saved', { error }),
    });
    this.#contacts = new ContactLearner({ connectionId: this.connectionId, journal: deps.journal, log: this.#log });
    this.calls = new ClientCalls({
      lanes: this.#lanes,
      contacts: this.#contacts,
      socket: () => this.#loggedIn(),
    });
  }

  get estado(): Estado {
    return this.#state.estado;
  }
  get record(): Readonly<ConnectionRecord> {
    return this.#state.record;
  }
  /** What a person should do now, in Portuguese; null when nothing. */
  get advice(): string | null {
    return this.#advice;
  }
  get me(): { id: string; lid: string | null } | null {
    return this.#socket?.me ?? null;
  }
  get paired(): boolean {
    // Every send asks, and the credentials are the largest record there is.
    if (this.estado === 'ready') return true;
    return isPaired(this.deps.journal.getCreds(this.connectionId) as Parameters<typeof isPaired>[0]);
  }
  get qr(): QrCode | null {
    return this.#pairing?.qr ?? null;
  }
  get lastQrAt(): number | null {
    return this.#lastQrAt;
  }
  /** Figures for health checks; times in ms since the epoch. */
  get probes(): { lastFrameAt: number | null; oldestUnfinishedAt: number | null; reconnectTries: number } {
    const oldestUnfinishedAt = this.#socket?.receive.oldestUnfinishedAt ?? null;
    return { lastFrameAt: this.#lastFrameAt, oldestUnfinishedAt, reconnectTries: this.#schedule.tries };
  }

  /** Opens the connection; when it is open or opening already, nothing happens. Does not wait for `ready`. */
  initialize(): void {
    this.#stopped = false;
    this.#state.want('connected');
    if (this.#socket) return;
    this.#clearRetry();
    this.#move('initializing', null);
    this.#open();
  }

  /** By a person: the session is kept, nothing reconnects until `initialize` or `reconnect`. */
  async disconnect(): Promise<void> {
    this.#state.want('disconnected');
    await this.#close();
    this.#advice = null;
    this.#move('disconnected', 'DISCONNECTED_BY_USER');
  }

  async reconnect(): Promise<void> {
    await this.#close();
    this.#schedule.reset();
    this.initialize();
  }

  /** Removes this device from the account (best effort when the socket is down) and deletes its keys. */
  async logout(): Promise<void> {
    this.#state.want('disconnected');
    const { sock } = this.#socket ?? {};
    if (sock && this.estado === 'ready') {
      await withDeadline(sock.logout(), LOGOUT_DEADLINE_MS, 'logout').catch((error) =>
        this.#log.warn('WhatsApp did not confirm the logout', { error }),
      );
    }
    await this.#close();
    await this.deps.journal.deleteAuth(this.connectionId);
    this.#move('logged_out', 'LOGGED_OUT', { numero: null, lid: null });
  }

  /** The process ends: the socket closes, the state stays what people want of it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#close();
    this.#userDevices.close();
    this.#contacts.stop();
  }

  /** Another connection got through after an outage: try now instead of waiting. */
  wake(): void {
    if (this.estado !== 'reconnecting' || !this.#cancelRetry) return;
    this.#clearRetry();
    this.#open();
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
    const socket = this.#socket;
    if (!socket) throw new GatewayError('NOT_CONNECTED');
    try {
      const code = await withDeadline(socket.sock.requestPairingCode(digits), PAIRING_DEADLINE_MS, 'pairing code');
      this.#move('pairing', null);
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

  /** Cuts the socket as if the network had (watchdog): the disconnect table takes it from there. */
  recycle(reason: string): void {
    this.#log.warn('socket recycled', { reason });
    this.#socket?.end(new ServerError(reason, 428));
  }

  #loggedIn(): OpenSocket | null {
    const { sock, me } = this.#socket ?? {};
    return sock && me && this.estado === 'ready' ? { sock, me } : null;
  }

  /** Reserves the epoch before the first await, so that two callers can never open two sockets. */
  #open(): void {
    const epoch = ++this.#epoch;
    void this.#settled.then(() => {
      if (epoch !== this.#epoch || this.#stopped || this.#socket) return;
      try {
        this.#openSocket(epoch);
      } catch (error) {
        this.#log.error('socket not opened', { error });
        this.#retry(disconnectRule(500, this.paired), 500, null);
      }
    });
  }

  #openSocket(epoch: number): void {
    const { deps } = this;
    const auth = this.#openAuth();
    this.#auth = auth;
    const { creds } = auth.state;
    this.#pairing = isPaired(creds)
      ? null
      : new Pairing({
          creds,
          saveCreds: () => void auth.saveCreds(),
          now: () => deps.clock.now(),
          onQr: (qr) => this.#showQr(qr),
        });
    const current = () => epoch === this.#epoch;
    this.#socket = new GatewaySocket({
      ...deps,
      connectionId: this.connectionId,
      lanes: this.#lanes,
      log: this.#log,
      logger: deps.baileysLogger,
      auth,
      version: deps.webVersion.current,
      getMessage: (key) => (key.id ? deps.getMessage(this.connectionId, key.id) : undefined),
      groupMetadata: (jid) => this.#contacts.group(jid),
      userDevicesCache: this.#userDevices,
      retryCounterCache: persistentRetryCounter(deps.journal, this.connectionId, () => deps.clock.now()),
      on: {
        update: (update) => current() && this.#updated(update),
        ack: (ack) => current() && this.events.emit('ack', { connectionId: this.connectionId, ...ack }),
        companionRegRefresh: () => current() && this.#pairing?.refresh(),
        frame: () => current() && this.#heard(),
        journalFailed: () => undefined,
        message: () => this.#state.active(1),
        events: (sock) => this.#contacts.listen(sock),
      },
    });
    this.#heard();
  }

  /** A request for a pairing code sets `me` before anything is paired; logging in with that is refused (401). */
  #openAuth(): AuthEpoch {
    const auth = AuthStore.open({
      journal: this.deps.journal,
      connectionId: this.connectionId,
      log: this.#log,
      onFailed: (error) => this.#auth === auth && this.#socket?.failClosed(error),
    });
    const { creds } = auth.state;
    if (creds.me && !isPaired(creds)) {
      delete creds.me;
      creds.pairingCode = undefined;
      creds.registered = false;
    }
    return auth;
  }

  /** While connecting, silence is the only sign of a server that takes the call and never speaks. */
  #heard(): void {
    this.#lastFrameAt = this.deps.clock.now();
    if (this.estado === 'ready' || this.estado === 'qr_ready' || this.estado === 'pairing') {
      this.#cancelSilence?.();
      this.#cancelSilence = null;
      return;
    }
    this.#cancelSilence?.();
    this.#cancelSilence = this.deps.clock.after(SILENT_CONNECT_MS, () =>
      this.#socket?.end(new ServerError('WhatsApp says nothing', 408)),
    );
  }

  #updated(update: Parameters<GatewaySocketDeps['on']['update']>[0]): void {
    if (update.qr) this.#pairing?.show(update.qr);
    if (update.isNewLogin) this.#move('authenticated', null);
    if (update.connection === 'open') this.#opened();
    if (update.connection === 'close') this.#closed(update.lastDisconnect?.error);
  }

  #showQr(qr: QrCode): void {
    this.#lastQrAt = qr.shownAt;
    if (this.estado !== 'pairing') this.#move('qr_ready', null);
    this.#state.showQr(qr.code);
    this.#heard();
    this.events.emit('qr', { connectionId: this.connectionId, qr });
  }

  #opened(): void {
    this.#advice = null;
    this.#pairing = null;
    this.#schedule.ready(this.deps.clock.now());
    const { me } = this;
    const numero = me?.id.split(/[:@]/)[0] ?? null;
    this.#move('ready', null, { numero, lid: bareJid(me?.lid) });
    this.#heard();
    this.events.emit('ready', { connectionId: this.connectionId, numero });
  }

  #closed(error: unknown): void {
    const code = statusCode(error);
    const paired = isPaired(this.#auth?.state.creds ?? null);
    const rule = disconnectRule(code, paired);
    this.#release();
    this.#log.info('socket closed', {
      code,
      reason: rule.reason,
      error: error instanceof Error ? error.message : undefined,
    });
    this.#advice = rule.advice;
    if (rule.action === 'stop') return this.#end(rule, code);
    if (rule.action === 'restart' && this.#mayRestart()) return this.#reopenNow(rule, code);
    if (rule.backoff === 'outdated') void this.deps.webVersion.refresh();
    this.#retry(rule, code, banEnd(error, this.deps.clock.now()));
  }

  #mayRestart(): boolean {
    const now = this.deps.clock.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < 60_000), now];
    return this.#restarts.length <= RESTARTS_PER_MINUTE;
  }

  /** 515: the credentials are flushed first (the next socket waits for them), and it is not counted. */
  #reopenNow(rule: DisconnectRule, code: number): void {
    this.events.emit('closed', { connectionId: this.connectionId, code, reason: rule.reason, retryInMs: 0 });
    this.#open();
  }

  #end(rule: DisconnectRule, code: number): void {
    if (rule.credentials === 'archive') {
      this.#settled = this.#settled
        .then(() => this.deps.journal.archiveAuth(this.connectionId, rule.reason))
        .catch((error) => this.#log.error('credentials not archived', { error }));
    }
    this.#move(rule.estado, rule.reason);
    this.events.emit('closed', { connectionId: this.connectionId, code, reason: rule.reason, retryInMs: null });
  }

  #retry(rule: DisconnectRule, code: number, notBefore: number | null): void {
    const waitMs = this.#schedule.next(rule, this.deps.clock.now(), notBefore);
    this.#move(rule.estado, rule.reason);
    this.events.emit('closed', { connectionId: this.connectionId, code, reason: rule.reason, retryInMs: waitMs });
    if (waitMs === null || this.#stopped) return;
    this.#clearRetry();
    this.#cancelRetry = this.deps.clock.after(waitMs, () => {
      this.#cancelRetry = null;
      this.#open();
    });
  }

  #clearRetry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  /** Ends the socket without its close event deciding anything. */
  async #close(): Promise<void> {
    this.#clearRetry();
    this.#epoch += 1;
    const socket = this.#socket;
    this.#release();
    socket?.sock.ev.flush();
    socket?.end(new ServerError('closed by the gateway', 428));
    await this.#settled;
  }

  /** The epoch is over: its key store refuses from now on, and the next socket waits for what it has in flight. */
  #release(): void {
    this.#cancelSilence?.();
    this.#cancelSilence = null;
    this.#socket = null;
    this.#pairing = null;
    const auth = this.#auth;
    this.#auth = null;
    auth?.revoke();
    if (auth) this.#settled = this.#settled.then(() => auth.settled());
  }

  #move(estado: Estado, motivo: string | null, more: Partial<ConnectionRecord> = {}): void {
    if (!this.#state.move(estado, motivo, more)) return;
    this.#log.info('state', { estado, motivo });
    this.events.emit('stateChanged', { connectionId: this.connectionId, estado, motivo });
  }
}

/** Baileys' close errors are Booms: the code is `output.statusCode`. */
function statusCode(error: unknown): number {
  const output = (error as { output?: { statusCode?: unknown } } | undefined)?.output;
  return typeof output?.statusCode === 'number' ? output.statusCode : 500;
}

/** `<failure reason="402" expire="seconds">`: when a temporary ban ends, ms since the epoch. */
function banEnd(error: unknown, now: number): number | null {
  const expire = (error as { data?: { expire?: unknown } } | undefined)?.data?.expire;
  const seconds = Number(expire);
  return expire !== undefined && Number.isFinite(seconds) ? now + seconds * 1000 : null;
}
