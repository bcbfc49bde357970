import type { proto, WASocket } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import type { Log } from '../lib/log.js';
import { AsyncContext } from './async-context.js';
import { AuthStore, type AuthEpoch } from './auth-store.js';
import { CallBook } from './call-book.js';
import { ServerError } from './close-error.js';
import type { ProxyRoute } from '../egress/proxy-route.js';
import type { ContactLearner } from './contact-learner.js';
import type { FrameGate } from './frame-gate.js';
import { GatewaySocket, type GatewaySocketDeps } from './gateway-socket.js';
import type { Lanes } from './lanes.js';
import { forgetHalfPairing, isPaired, Pairing, type QrCode } from './pairing.js';
import { Pulse } from './pulse.js';
import { persistentRetryCounter } from './retry-counter.js';
import { listenersWhile, type SocketNews } from './socket-news.js';
import { KEEP_ALIVE_MS, type WhatsAppServer } from './socket-config.js';
import { UserDevicesCache } from './user-devices-cache.js';
import type { WebVersion } from './web-version.js';

export interface SocketLifeDeps {
  connectionId: string;
  journal: Journal;
  clock: Clock;
  log: Log;
  baileysLogger: GatewaySocketDeps['logger'];
  webVersion: WebVersion;
  server: WhatsAppServer;
  /** Its way through its proxy, asked for as a socket opens; null = straight. @throws when there is one that cannot be used */
  route: () => ProxyRoute | null;
  lanes: Lanes;
  contacts: ContactLearner;
  /** A message of ours by its id, for recipients who ask for it again. */
  getMessage: (connectionId: string, whatsappId: string) => proto.IMessage | undefined;
  /** What the present socket says; one that is over is never heard. */
  on: SocketNews & {
    /** No socket could be made. */
    failed: (error: unknown) => void;
    qr: (qr: QrCode) => void;
  };
}

/** While connecting, a server that says nothing for so long is given up. */
const SILENT_CONNECT_MS = 20_000;
/** Logged in, every keep-alive is answered: one interval, a round trip of 10 s, and some slack. */
const SILENT_SOCKET_MS = KEEP_ALIVE_MS + 12_000;
/** Commits of the socket before; when they hang, so does the disk, and no socket may open. */
const SETTLE_DEADLINE_MS = 30_000;

/**
 * The sockets of one connection, one at a time.
 *
 * ## States
 * - **closed**: no socket. `open` → opening.
 * - **opening**: the place is reserved, before anything is awaited, so that two callers can never open two sockets; the
 *   commits of the socket before are waited for. → open, or closed (`close`, or no socket could be made).
 * - **open**: one `GatewaySocket` lives. → closed (`close`, `release`).
 *
 * Every socket has an epoch. What one of an older epoch still says is ignored, and its key store refuses to work.
 */
export class SocketLife {
  #state: 'closed' | 'opening' | 'open' = 'closed';
  #epoch = 0;
  #socket: GatewaySocket | null = null;
  #auth: AuthEpoch | null = null;
  #pairing: Pairing | null = null;
  #qrShown = false;
  /** Commits of the epochs before; the next socket waits for them. */
  #settled: Promise<void> = Promise.resolve();
  readonly #pulse: Pulse;
  readonly #userDevices = new UserDevicesCache();
  /** Over all sockets: a call may end on another one than it began. */
  readonly calls = new CallBook();

  constructor(private readonly deps: SocketLifeDeps) {
    this.#pulse = new Pulse({
      clock: deps.clock,
      onSilent: (silentMs) => this.end(`WhatsApp says nothing for ${silentMs} ms`, 408),
    });
  }

  get state(): 'closed' | 'opening' | 'open' {
    return this.#state;
  }
  get sock(): WASocket | null {
    return this.#socket?.sock ?? null;
  }
  get me(): { id: string; lid: string | null } | null {
    return this.#socket?.me ?? null;
  }
  get frames(): FrameGate | null {
    return this.#socket?.frames ?? null;
  }
  get qr(): QrCode | null {
    return this.#pairing?.qr ?? null;
  }
  /** Whether the last socket showed a code. */
  get qrShown(): boolean {
    return this.#qrShown;
  }
  /** Whether the present socket's credentials belong to an account. */
  get paired(): boolean {
    return isPaired(this.#auth?.state.creds ?? null);
  }
  get lastFrameAt(): number | null {
    return this.#pulse.lastAt;
  }
  get oldestUnfinishedAt(): number | null {
    return this.#socket?.receive.oldestUnfinishedAt ?? null;
  }

  /** Opens a socket unless one is open or opening. @param first waited for after the place is reserved; never rejects */
  open(first: Promise<unknown> = Promise.resolve()): void {
    if (this.#state !== 'closed') return;
    this.#state = 'opening';
    const epoch = ++this.#epoch;
    const ready = withDeadline(this.#settled, SETTLE_DEADLINE_MS, 'commits of the socket before');
    void Promise.all([ready, first]).then(
      () => this.#openNow(epoch),
      (error: unknown) => this.#failed(epoch, error),
    );
  }

  /** Ends the socket (or the way to one) without its close event deciding anything. Resolves when its commits are done. */
  async close(): Promise<void> {
    const socket = this.#socket;
    this.release();
    socket?.sock.ev.flush();
    socket?.end(new ServerError('closed by the gateway', 428));
    await withDeadline(this.#settled, SETTLE_DEADLINE_MS, 'commits of the closed socket').catch((error: unknown) =>
      this.deps.log.error('commits of a closed socket hang', { error }),
    );
  }

  /** The epoch is over: its key store refuses from now on, and the next socket waits for what it has in flight. */
  release(): void {
    this.#state = 'closed';
    this.#epoch += 1;
    this.#pulse.stop();
    this.#socket = null;
    this.#pairing = null;
    const auth = this.#auth;
    this.#auth = null;
    auth?.revoke();
    if (auth) void this.afterCommits(() => auth.settled());
  }

  /** Does it when the commits of ended sockets are through, and before the next socket opens. */
  afterCommits(work: () => Promise<unknown>): Promise<void> {
    this.#settled = this.#settled
      .then(work)
      .then(() => undefined)
      .catch((error: unknown) => this.deps.log.error('work between two sockets failed', { error }));
    return this.#settled;
  }

  /** Cuts the socket as if the network had: its close event is the next thing that is heard of it. */
  end(reason: string, code: number): void {
    this.#socket?.end(new ServerError(reason, code));
  }

  /** Gives out what Baileys holds back in its event buffer. */
  flush(): void {
    this.#socket?.sock.ev.flush();
  }

  /** How much silence is too much now: while connecting, when logged in, or never (a code waits to be scanned). */
  expect(phase: 'connecting' | 'logged-in' | 'scan'): void {
    this.#pulse.watch({ connecting: SILENT_CONNECT_MS, 'logged-in': SILENT_SOCKET_MS, scan: null }[phase]);
  }

  /** Nothing is opened after that. */
  dispose(): void {
    this.#userDevices.close();
  }

  #openNow(epoch: number): void {
    if (epoch !== this.#epoch) return;
    try {
      // It outlives whatever led to it: a message, say, whose transaction it would keep in memory.
      AsyncContext.outside(() => this.#openSocket(epoch));
    } catch (error) {
      this.#failed(epoch, error);
    }
  }

  #failed(epoch: number, error: unknown): void {
    if (epoch !== this.#epoch) return;
    this.release();
    this.deps.on.failed(error);
  }

  #openSocket(epoch: number): void {
    const { deps } = this;
    const route = deps.route();
    const auth = this.#openAuth();
    this.#auth = auth;
    this.#qrShown = false;
    this.#pairing = isPaired(auth.state.creds) ? null : this.#pair(auth);
    this.#socket = new GatewaySocket({
      ...deps,
      logger: deps.baileysLogger,
      route,
      auth,
      version: deps.webVersion.current,
      getMessage: (key) => (key.id ? deps.getMessage(deps.connectionId, key.id) : undefined),
      groups: deps.contacts.groups,
      userDevicesCache: this.#userDevices,
      calls: this.calls,
      retryCounterCache: persistentRetryCounter(deps.journal, deps.connectionId, () => deps.clock.now()),
      on: listenersWhile(() => epoch === this.#epoch, {
        on: deps.on,
        contacts: deps.contacts,
        pulse: this.#pulse,
        pairing: () => this.#pairing,
        paired: () => (this.#pairing = null),
      }),
    });
    this.#state = 'open';
    this.expect('connecting');
  }

  #pair(auth: AuthEpoch): Pairing {
    return new Pairing({
      creds: auth.state.creds,
      saveCreds: () => void auth.saveCreds(),
      now: () => this.deps.clock.now(),
      onQr: (qr) => {
        this.#qrShown = true;
        this.deps.on.qr(qr);
      },
    });
  }

  #openAuth(): AuthEpoch {
    const auth = AuthStore.open({
      journal: this.deps.journal,
      connectionId: this.deps.connectionId,
      log: this.deps.log,
      onFailed: (error) => this.#auth === auth && this.#socket?.failClosed(error),
    });
    forgetHalfPairing(auth.state.creds);
    return auth;
  }
}
