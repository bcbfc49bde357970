import {
  makeWASocket,
  type BinaryNode,
  type CacheStore,
  type ConnectionState,
  type NewChatMessageCapInfo,
  type proto,
  type SocketConfig,
  type WAMessageKey,
  type WASocket,
  type WAVersion,
} from '@whiskeysockets/baileys';
import type WebSocket from 'ws';
import type { Journal } from '../journal/journal.js';
import type { CallFacts, ReplayRecord } from '../journal/records.js';
import type { ProxyRoute } from '../egress/proxy-route.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { AuthEpoch } from './auth-store.js';
import { ServerError, upgradeRefused } from './close-error.js';
import type { CallBook } from './call-book.js';
import { DurableNotices } from './durable-notices.js';
import { DurableReceive } from './durable-receive.js';
import { FrameGate } from './frame-gate.js';
import { KeyTransactions } from './key-transactions.js';
import type { GroupCache } from './group-cache.js';
import type { Lanes } from './lanes.js';
import { markCrashPoints } from './mark-crash-points.js';
import { replayUnfinished } from './replay-unfinished.js';
import { ackOf, type ServerAck } from './server-ack.js';
import { SessionWriter } from './session-writer.js';
import { checkSignaturesNatively } from './signature-check.js';
import { socketConfig, trustServer, type WhatsAppServer } from './socket-config.js';

export interface GatewaySocketDeps {
  connectionId: string;
  journal: Journal;
  lanes: Lanes;
  clock: Clock;
  log: Log;
  logger: SocketConfig['logger'];
  auth: AuthEpoch;
  version: WAVersion;
  server: WhatsAppServer;
  /** Through its proxy; null = straight. */
  route: ProxyRoute | null;
  getMessage: (key: WAMessageKey) => proto.IMessage | undefined;
  groups: GroupCache;
  calls: CallBook;
  userDevicesCache: CacheStore;
  retryCounterCache: CacheStore;
  on: {
    update: (update: Partial<ConnectionState>) => void;
    ack: (ack: ServerAck) => void;
    /** Somebody calls. */
    ringing: (call: CallFacts) => void;
    companionRegRefresh: () => void;
    /** The account may be linked with a passkey only. */
    passkeyRequired: () => void;
    /** A part of a message could not be decrypted; its error's text. */
    undecryptable: (error: string) => void;
    /** WhatsApp told how many new chats the account may still begin. */
    messageCap: (info: NewChatMessageCapInfo) => void;
    /** Any frame at all: the socket is alive. */
    frame: () => void;
    /** A message stanza came in. */
    message: () => void;
    /** The journal refused; the socket is already cut. */
    journalFailed: (error: unknown) => void;
    events: (sock: WASocket) => void;
  };
}

/** With these WhatsApp asks for a passkey before it links (WhiskeySockets/Baileys#2672, #2696); Baileys 7.0.0-rc14
 *  acknowledges them and goes no further. */
const PASSKEY_NOTIFICATIONS = ['passkey_prologue_request', 'crsc_continuation'];

/** One Baileys socket with the seam in place. It is used once: after its close a new one is made. */
export class GatewaySocket {
  readonly sock: WASocket;
  readonly receive: DurableReceive;
  readonly frames: FrameGate;
  /** What earlier sockets left undone inside Baileys; read before this one can add to it. */
  readonly #unfinished: ReplayRecord[];
  #cut = false;

  constructor(private readonly deps: GatewaySocketDeps) {
    trustServer(deps.server);
    checkSignaturesNatively(deps.logger);
    this.#unfinished = deps.journal.listReplays(deps.connectionId);
    this.receive = new DurableReceive({
      connectionId: deps.connectionId,
      journal: deps.journal,
      lanes: deps.lanes,
      clock: deps.clock,
      logger: deps.logger,
      sessions: new SessionWriter({
        disk: deps.auth.state.keys,
        commitAhead: (data) => deps.auth.commitAhead(data),
        commitSoon: (data) => deps.auth.commitSoon(data),
      }),
      transactions: new KeyTransactions(deps.auth.state.keys),
      me: () => this.me,
      failClosed: (error) => this.failClosed(error),
      onUndecryptable: (error) => deps.on.undecryptable(error),
      afterThisOne: (run) => void this.sock.messageMutex.mutex(async () => run()),
    });
    this.sock = makeWASocket(socketConfig(deps, this.receive.makeSignalRepository));
    this.frames = new FrameGate({
      store: () => deps.auth.store(),
      holdsUp: () => this.sock.authState.keys.isInTransaction(),
    });
    this.frames.guard(this.#webSocket!);
    this.#attach();
  }

  get me(): { id: string; lid: string | null } | null {
    const { me } = this.deps.auth.state.creds;
    return me ? { id: me.id, lid: me.lid ?? null } : null;
  }

  /** Drops the TCP connection now. Baileys' own `end()` waits up to 30 s for a dead peer's goodbye. */
  terminate(): void {
    this.#cut = true;
    this.#webSocket?.terminate();
  }

  /** Baileys' WebSocketClient's own; it has no public way to terminate, and none to come between. */
  get #webSocket(): WebSocket | null {
    return (this.sock.ws as unknown as { socket: WebSocket | null }).socket;
  }

  /** Ends with this error as the reason of the close event. */
  end(error: Error): void {
    void this.sock.end(error);
    this.terminate();
  }

  #attach(): void {
    const { sock, deps } = this;
    this.#wrap('CB:message', (node, handOver) => {
      // What our own phone tells this device (keys, history) is nobody's message.
      if (node.attrs['category'] !== 'peer') deps.on.message();
      return this.receive.take(node, handOver);
    });
    const notices = new DurableNotices({
      ...deps,
      me: () => this.me,
      onAck: deps.on.ack,
      onRinging: deps.on.ringing,
      failClosed: (error) => this.failClosed(error),
    });
    this.#wrap('CB:receipt', (node, handOver) => notices.receipt(node, handOver));
    this.#wrap('CB:call', (node, handOver) => notices.call(node, handOver));
    this.#wrap('CB:notification', (node, handOver) => notices.notification(node, handOver));
    this.#containGarbage();
    sock.ws.on('CB:ack,class:message', (node: BinaryNode) => deps.on.ack(ackOf(node, deps.clock.now())));
    sock.ws.on('CB:notification,type:companion_reg_refresh', () => deps.on.companionRegRefresh());
    for (const type of PASSKEY_NOTIFICATIONS) {
      sock.ws.on(`CB:notification,type:${type}`, () => deps.on.passkeyRequired());
    }
    sock.ev.on('message-capping.update', (info) => deps.on.messageCap(info));
    sock.ws.on('frame', () => deps.on.frame());
    // rc14 listens for it, so `ws` neither errors nor closes: without this the socket hangs for good.
    sock.ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) =>
      this.end(upgradeRefused(response.statusCode ?? 0)),
    );
    markCrashPoints(sock);
    sock.ev.on('creds.update', () => void this.#saveCreds());
    sock.ev.on('connection.update', (update) => {
      // What is still buffered would be dropped by end() (lib/Utils/event-buffer.js, destroy).
      if (update.connection === 'close') sock.ev.flush();
      if (update.connection === 'open') void replayUnfinished({ ...deps, sock }, this.#unfinished.splice(0));
      deps.on.update(update);
    });
    deps.on.events(sock);
  }

  /** A frame that cannot be decoded rejects in Baileys' listener, which nobody awaits: fatal to Node by default, and the
   *  socket would stay open and deaf (its noise counters are off). */
  #containGarbage(): void {
    const { ws } = this.sock;
    const own = ws.listeners('message') as ((...args: unknown[]) => unknown)[];
    ws.removeAllListeners('message');
    const garbage = (error: unknown) => {
      this.deps.log.warn('undecodable frame, socket restarted', { error });
      this.end(new ServerError('undecodable frame', 500));
    };
    ws.on('message', (...args: unknown[]) => {
      for (const listener of own) Promise.resolve(listener(...args)).catch(garbage);
    });
  }

  /** Puts us between the wire and Baileys' own listener. */
  #wrap(event: string, take: (node: BinaryNode, handOver: (node: BinaryNode) => unknown) => Promise<void>): void {
    const { ws } = this.sock;
    const own = ws.listeners(event) as ((node: BinaryNode) => unknown)[];
    ws.removeAllListeners(event);
    const handOver = (node: BinaryNode) => Promise.all(own.map((listener) => listener(node)));
    ws.on(event, (node: BinaryNode) => void take(node, handOver));
  }

  async #saveCreds(): Promise<void> {
    try {
      await this.deps.auth.saveCreds();
    } catch (error) {
      this.failClosed(error);
    }
  }

  /** Terminate before anything else: no receipt and no nack may leave for what is not on disk. */
  failClosed(error: unknown): void {
    if (this.#cut) return;
    this.terminate();
    // The WebSocket is closing already: nothing is sent or waited for, only the reason of the close is set.
    void this.sock.end(new ServerError('the journal took nothing', 428, 'disk'));
    this.deps.log.error('journal refused, socket cut', { connectionId: this.deps.connectionId, error });
    this.deps.on.journalFailed(error);
  }
}
