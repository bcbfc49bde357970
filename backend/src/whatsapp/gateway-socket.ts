import {
  Browsers,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  makeWASocket,
  WA_CERT_DETAILS,
  type BinaryNode,
  type CacheStore,
  type ConnectionState,
  type GroupMetadata,
  type proto,
  type SocketConfig,
  type WAMessageKey,
  type WASocket,
  type WAVersion,
} from '@whiskeysockets/baileys';
import type WebSocket from 'ws';
import type { Journal } from '../journal/journal.js';
import type { ReplayRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { crashPoint, isArmed } from '../lib/crash-points.js';
import type { Log } from '../lib/log.js';
import type { AuthEpoch } from './auth-store.js';
import { DurableReceive } from './durable-receive.js';
import { DurableSend } from './durable-send.js';
import type { Lanes } from './lanes.js';
import { uploadTo } from './media-calls.js';
import { replayUnfinished } from './replay-unfinished.js';
import { toStoredNode } from './stanza.js';

/** Where WhatsApp is: Meta's servers, or one that speaks their protocol (tests, demo). */
export interface WhatsAppServer {
  /** null = Meta's. */
  wsUrl: string | null;
  /** Signs the server's Noise certificate chain; null = Meta's. */
  noiseRootKey: Buffer | null;
  /** `https://host[:port]` of its media servers; null = those that it names. */
  mediaUrl: string | null;
  /** PEM file with the authority that signs their certificate; null = the system's. */
  mediaCaFile: string | null;
}

/** What WhatsApp's server answered to a message of ours (`<ack class="message">`), or a receipt, which implies it. */
export interface ServerAck {
  whatsappId: string;
  /** The chat, as we addressed it. */
  from: string;
  /** null = accepted. */
  error: string | null;
  serverTimeMs: number;
}

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
  getMessage: (key: WAMessageKey) => proto.IMessage | undefined;
  groupMetadata: (jid: string) => GroupMetadata | undefined;
  userDevicesCache: CacheStore;
  retryCounterCache: CacheStore;
  on: {
    update: (update: Partial<ConnectionState>) => void;
    ack: (ack: ServerAck) => void;
    companionRegRefresh: () => void;
    /** Any frame at all: the socket is alive. */
    frame: () => void;
    /** A message stanza came in. */
    message: () => void;
    /** The journal refused; the socket is already cut. */
    journalFailed: (error: unknown) => void;
    events: (sock: WASocket) => void;
  };
}

/** Receipts about our own messages; the others (retry, history, peer) are Baileys' business alone. */
const STATUS_RECEIPTS = new Set([
  undefined,
  'inactive',
  'delivered',
  'read',
  'read-self',
  'played',
  'played-self',
  'sender',
]);

/** One Baileys socket with the seam in place. It is used once: after its close a new one is made. */
export class GatewaySocket {
  readonly sock: WASocket;
  readonly receive: DurableReceive;
  /** What earlier sockets left undone inside Baileys; read before this one can add to it. */
  readonly #unfinished: ReplayRecord[];
  #cut = false;

  constructor(private readonly deps: GatewaySocketDeps) {
    trustServer(deps.server);
    this.#unfinished = deps.journal.listReplays(deps.connectionId);
    this.receive = new DurableReceive({
      connectionId: deps.connectionId,
      journal: deps.journal,
      lanes: deps.lanes,
      clock: deps.clock,
      logger: deps.logger,
      sending: new DurableSend((keys) => deps.auth.commitAhead(keys)),
      me: () => this.me,
      failClosed: (error) => this.failClosed(error),
      afterThisOne: (run) => void this.sock.messageMutex.mutex(async () => run()),
    });
    this.sock = makeWASocket(this.#config());
    this.#attach();
  }

  get me(): { id: string; lid: string | null } | null {
    const { me } = this.deps.auth.state.creds;
    return me ? { id: me.id, lid: me.lid ?? null } : null;
  }

  /** Drops the TCP connection now. Baileys' own `end()` waits up to 30 s for a dead peer's goodbye. */
  terminate(): void {
    this.#cut = true;
    // `socket` is Baileys' WebSocketClient's own ws; it has no public way to terminate.
    (this.sock.ws as unknown as { socket: WebSocket | null }).socket?.terminate();
  }

  /** Ends with this error as the reason of the close event. */
  end(error: Error): void {
    void this.sock.end(error);
    this.terminate();
  }

  #config() {
    const { deps } = this;
    return {
      ...(deps.server.wsUrl ? { waWebSocketUrl: deps.server.wsUrl } : {}),
      ...(deps.server.mediaUrl ? uploadTo(deps.server.mediaUrl, deps.server.mediaCaFile) : {}),
      version: deps.version,
      // A real OS: `companion_platform_display` is checked when pairing by code (WhiskeySockets/Baileys#2769).
      browser: Browsers.windows('Chrome'),
      auth: deps.auth.state,
      logger: deps.logger,
      makeSignalRepository: this.receive.makeSignalRepository,
      // A commit that failed must end the socket, not hold Baileys' messageMutex for 30 s of retries.
      transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
      getMessage: async (key: WAMessageKey) => deps.getMessage(key),
      cachedGroupMetadata: async (jid: string) => deps.groupMetadata(jid),
      userDevicesCache: deps.userDevicesCache,
      msgRetryCounterCache: deps.retryCounterCache,
      syncFullHistory: false,
      markOnlineOnConnect: false,
      generateHighQualityLinkPreview: false,
      connectTimeoutMs: 20_000,
    };
  }

  #attach(): void {
    const { sock, deps } = this;
    this.#wrap('CB:message', (node, handOver) => {
      deps.on.message();
      return this.receive.take(node, handOver);
    });
    this.#wrap('CB:receipt', (node, handOver) => this.#journalReceipt(node, handOver));
    this.#containGarbage();
    sock.ws.on('CB:ack,class:message', (node: BinaryNode) => deps.on.ack(toAck(node, deps.clock)));
    sock.ws.on('CB:notification,type:companion_reg_refresh', () => deps.on.companionRegRefresh());
    sock.ws.on('frame', () => deps.on.frame());
    // rc14 listens for it, so `ws` neither errors nor closes: without this the socket hangs for good.
    sock.ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) =>
      this.end(upgradeRefused(response.statusCode ?? 0)),
    );
    this.#markCrashPoints();
    sock.ev.on('creds.update', () => void this.#saveCreds());
    sock.ev.on('connection.update', (update) => {
      // What is still buffered would be dropped by end() (lib/Utils/event-buffer.js, destroy).
      if (update.connection === 'close') sock.ev.flush();
      if (update.connection === 'open') void replayUnfinished({ ...deps, sock }, this.#unfinished.splice(0));
      deps.on.update(update);
    });
    deps.on.events(sock);
  }

  /** Two places inside Baileys, found by what it emits there; nothing is added to it unless a crash test wants one. */
  #markCrashPoints(): void {
    const { ev, ws } = this.sock;
    if (isArmed('after:receipt')) {
      const emit = ev.emit.bind(ev);
      // handleMessage emits it after it has written the receipt (lib/Socket/messages-recv.js); buffered or not.
      ev.emit = (event, data) => {
        if (event === 'messages.upsert') crashPoint('after:receipt');
        return emit(event, data);
      };
    }
    if (isArmed('after:prekeys')) {
      ev.on('creds.update', ({ nextPreKeyId }) => {
        if (nextPreKeyId !== undefined) ws.once('frame', () => crashPoint('after:prekeys'));
      });
    }
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

  async #journalReceipt(node: BinaryNode, handOver: (node: BinaryNode) => unknown): Promise<void> {
    const { me } = this;
    try {
      if (me && STATUS_RECEIPTS.has(node.attrs.type)) {
        const { connectionId, journal } = this.deps;
        await journal.commit({ entries: [{ kind: 'receipt', connectionId, node: toStoredNode(node), me }] });
        this.#acceptedAll(node);
      }
    } catch (error) {
      return this.failClosed(error);
    }
    await handOver(node);
  }

  /** Whoever got a message proves that the server took it: its ack may have been lost with an earlier socket. */
  #acceptedAll(node: BinaryNode): void {
    const { id, from = '', t } = node.attrs;
    const listed = getBinaryNodeChildren(getBinaryNodeChild(node, 'list'), 'item').map(({ attrs }) => attrs.id);
    const serverTimeMs = t ? Number(t) * 1000 : this.deps.clock.now();
    for (const whatsappId of [id, ...listed]) {
      if (whatsappId) this.deps.on.ack({ whatsappId, from, error: null, serverTimeMs });
    }
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
    this.deps.log.error('journal refused, socket cut', { connectionId: this.deps.connectionId, error });
    this.deps.on.journalFailed(error);
  }
}

/** A close that we decide; `output` is the shape of Baileys' own errors (Boom). */
export class ServerError extends Error {
  readonly output: { statusCode: number };
  constructor(message: string, statusCode: number) {
    super(message);
    this.name = 'ServerError';
    this.output = { statusCode };
  }
}

function upgradeRefused(status: number): ServerError {
  return new ServerError(`WhatsApp answered the WebSocket upgrade with HTTP ${status}`, status === 429 ? 429 : 503);
}

function toAck(node: BinaryNode, clock: Clock): ServerAck {
  const { id, from, error, t } = node.attrs;
  return {
    whatsappId: id ?? '',
    from: from ?? '',
    error: error ?? null,
    serverTimeMs: t ? Number(t) * 1000 : clock.now(),
  };
}

const META_ROOT_KEY = Buffer.from(WA_CERT_DETAILS.PUBLIC_KEY);

/** Baileys checks the Noise certificate against one exported constant; one process talks to one kind of server. */
function trustServer(server: WhatsAppServer): void {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(server.noiseRootKey ?? META_ROOT_KEY);
}
