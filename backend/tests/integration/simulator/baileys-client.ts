import {
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  makeWASocket,
  WA_CERT_DETAILS,
  type AuthenticationCreds,
  type BaileysEventMap,
  type ConnectionState,
  type proto,
  type SignalKeyStore,
  type UserFacingSocketConfig,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { withDeadline } from '../../../src/lib/deadline.js';
import { deferred } from '../../../src/lib/deferred.js';
import type { Simulator } from '../../../src/simulator/index.js';
import { quietLibsignal } from '../../../src/simulator/quiet-libsignal.js';
import { unrefLongTimers } from './unref-long-timers.js';

unrefLongTimers();

const QUIET = pino({ level: 'silent' });
const DEADLINE_MS = 20_000;
const POLL_MS = 5;

/** An unmodified Baileys socket with its keys in memory: the other end of the simulator's tests. */
export class BaileysClient {
  readonly creds: AuthenticationCreds = initAuthCreds();
  readonly upserts: { type: string; message: WAMessage }[] = [];
  readonly updates: BaileysEventMap['messages.update'] = [];
  readonly closeCodes: (number | undefined)[] = [];
  /** What `getMessage` answers from. */
  readonly sent = new Map<string, proto.IMessage>();
  readonly #keys = new Map<string, unknown>();
  readonly #unquiet: () => void;
  socket!: WASocket;
  state: Partial<ConnectionState> = {};

  constructor(
    private readonly simulator: Pick<Simulator, 'wsUrl' | 'noiseRootKeyHex'>,
    /** Applies from the next connect on. */
    public config: Partial<UserFacingSocketConfig> = {},
  ) {
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(simulator.noiseRootKeyHex, 'hex');
    this.#unquiet = quietLibsignal();
  }

  /** Opens a new socket with the same keys. */
  connect(): void {
    this.state = {};
    const socket = makeWASocket({
      ...DEFAULT_CONNECTION_CONFIG,
      waWebSocketUrl: this.simulator.wsUrl,
      logger: QUIET,
      auth: { creds: this.creds, keys: this.#store() },
      getMessage: (key) => Promise.resolve(this.sent.get(key.id ?? '')),
      browser: ['Ubuntu', 'Chrome', '22.04'],
      connectTimeoutMs: 3000,
      // Own messages would swallow the updates that follow them quickly (Utils/event-buffer.js merges the two).
      emitOwnEvents: false,
      ...this.config,
    });
    this.socket = socket;
    socket.ev.on('creds.update', (update) => Object.assign(this.creds, update));
    socket.ev.on('messages.upsert', ({ messages, type }) => {
      for (const message of messages) this.upserts.push({ type, message });
    });
    socket.ev.on('messages.update', (updates) => {
      this.updates.push(...updates);
    });
    socket.ev.on('connection.update', (update) => {
      if (this.socket !== socket) return;
      this.state = { ...this.state, ...update };
      if (update.connection === 'close') this.closeCodes.push(codeOf(update));
    });
  }

  /** Connects, has `scan` link the QR, restarts as WhatsApp asks, and is open. */
  async pair(scan: (qr: string) => Promise<unknown>): Promise<void> {
    this.connect();
    await this.until(() => this.state.qr !== undefined, 'a QR');
    await scan(this.state.qr!);
    await this.reopen(515);
  }

  /** Waits for the close with `code` and logs in again. */
  async reopen(code?: number): Promise<void> {
    await this.until(() => this.state.connection === 'close', 'the close');
    if (code !== undefined && this.closeCodes.at(-1) !== code) throw new Error(`closed with ${this.closeCodes.at(-1)}`);
    await this.open();
  }

  async open(): Promise<void> {
    this.connect();
    await this.until(() => this.state.connection === 'open' || this.state.connection === 'close', 'open');
    if (this.state.connection !== 'open') throw new Error(`closed with ${this.closeCodes.at(-1)}`);
  }

  async close(): Promise<void> {
    await this.socket?.end(undefined);
    this.#unquiet();
  }

  /** Baileys lets the error of a frame it cannot decrypt escape as an unhandled rejection; jest would fail the test. */
  absorbRejections(): void {
    const websocket = this.socket.ws;
    const [onMessage] = websocket.listeners('message') as ((data: unknown) => Promise<void>)[];
    websocket.removeAllListeners('message');
    websocket.on('message', (data) => void onMessage?.(data).catch(() => undefined));
  }

  /** Every text that has come in, stubs left out, in order. */
  get texts(): string[] {
    return this.upserts.flatMap(({ message }) => textOf(message.message) ?? []);
  }

  async untilText(text: string): Promise<WAMessage> {
    await this.until(() => this.texts.includes(text), `the text ${text}`);
    return this.upserts.find(({ message }) => textOf(message.message) === text)!.message;
  }

  async sendText(jid: string, text: string, messageId?: string): Promise<string> {
    const message = await this.socket.sendMessage(jid, { text }, messageId ? { messageId } : {});
    const id = message!.key.id!;
    this.sent.set(id, message!.message!);
    return id;
  }

  /** Checks the condition every few milliseconds: it may be about either side of the wire. */
  until(condition: () => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<void> {
    const met = deferred();
    const poll = setInterval(() => {
      if (condition()) met.resolve();
    }, POLL_MS);
    return withDeadline(met.promise, deadlineMs, what).finally(() => clearInterval(poll));
  }

  #store(): SignalKeyStore {
    return {
      get: (type, ids) => {
        const found = ids.map((id) => [id, this.#keys.get(`${type}/${id}`)] as const);
        return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as never;
      },
      set: (data) => {
        for (const [type, values] of Object.entries(data)) {
          for (const [id, value] of Object.entries(values)) {
            if (value == null) this.#keys.delete(`${type}/${id}`);
            else this.#keys.set(`${type}/${id}`, value);
          }
        }
      },
    };
  }
}

function codeOf(update: Partial<ConnectionState>): number | undefined {
  const error = update.lastDisconnect?.error as { output?: { statusCode?: number } } | undefined;
  return error?.output?.statusCode;
}

function textOf(message: proto.IMessage | null | undefined): string | undefined {
  return message?.conversation ?? message?.extendedTextMessage?.text ?? undefined;
}
