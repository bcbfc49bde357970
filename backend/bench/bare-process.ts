import {
  initAuthCreds,
  makeCacheableSignalKeyStore,
  makeWASocket,
  useMultiFileAuthState,
  WA_CERT_DETAILS,
  type AuthenticationState,
  type BinaryNode,
  type SignalKeyStore,
  type WASocket,
} from '@whiskeysockets/baileys';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { deferred, type Deferred } from '../src/lib/deferred.js';
import { silenceLibsignal } from '../src/whatsapp/silence-libsignal.js';
import { serve, tell } from './stage/remote.js';
import { usage } from './stage/usage.js';

/**
 * The yardstick: Baileys as its own examples use it, its keys in a Map (argument `memory`) or in files
 * (`useMultiFileAuthState` behind Baileys' own cache, argument: a directory). What comes in is counted, not kept.
 */
silenceLibsignal();
const where = process.argv[2] ?? 'memory';
const logger = pino({ level: 'silent' });
const now = () => performance.timeOrigin + performance.now();

interface Store {
  state: AuthenticationState;
  save: () => Promise<void>;
}

class Connection {
  sock!: WASocket;
  received = 0;
  open = deferred();
  /** Logins so far. */
  opens = 0;
  #hungUp = false;
  readonly acks = new Map<string, Deferred<void>>();

  constructor(
    private readonly number: string,
    private readonly store: Store,
    private readonly wsUrl: string,
  ) {}

  connect(): void {
    const sock = makeWASocket({
      waWebSocketUrl: this.wsUrl,
      auth: this.store.state,
      logger,
      markOnlineOnConnect: false,
    });
    this.sock = sock;
    sock.ev.on('creds.update', () => void this.store.save());
    sock.ev.on('messages.upsert', ({ messages }) => {
      this.received += messages.filter((each) => each.message && !each.key.fromMe).length;
    });
    sock.ev.on('connection.update', ({ connection, qr }) => {
      if (qr) tell('qr', { number: this.number, qr });
      if (connection === 'open') {
        this.opens += 1;
        this.open.resolve();
      }
      if (connection === 'close' && !this.#hungUp) this.connect();
    });
    sock.ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => this.acks.get(attrs.id ?? '')?.resolve());
  }

  hangUp(): void {
    this.#hungUp = true;
    void this.sock.end(undefined);
  }

  reopen(): Promise<void> {
    this.#hungUp = false;
    this.open = deferred();
    this.connect();
    return this.open.promise;
  }

  /** Resolves when the server has accepted it. */
  async send(jid: string, text: string): Promise<void> {
    const id = `3EB0${randomBytes(10).toString('hex').toUpperCase()}`;
    const acked = deferred();
    this.acks.set(id, acked);
    await this.sock.sendMessage(jid, { text }, { messageId: id });
    await acked.promise;
    this.acks.delete(id);
  }
}

function inMemory(): Store {
  const map = new Map<string, unknown>();
  const keys: SignalKeyStore = {
    get: (type, ids) => {
      const found = ids.map((id) => [id, map.get(`${type}/${id}`)] as const);
      return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as never;
    },
    set: (data) => {
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values)) {
          if (value == null) map.delete(`${type}/${id}`);
          else map.set(`${type}/${id}`, value);
        }
      }
    },
  };
  return { state: { creds: initAuthCreds(), keys }, save: async () => undefined };
}

async function inFiles(number: string): Promise<Store> {
  const { state, saveCreds } = await useMultiFileAuthState(join(where, number));
  return { state: { creds: state.creds, keys: makeCacheableSignalKeyStore(state.keys, logger) }, save: saveCreds };
}

const connections: Connection[] = [];

const api = {
  /** Resolves when all are paired and open; each QR is told as it comes. */
  connect: async (o: { wsUrl: string; noiseRootKey: string; numbers: string[] }) => {
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(o.noiseRootKey, 'hex');
    for (const number of o.numbers) {
      const connection = new Connection(number, where === 'memory' ? inMemory() : await inFiles(number), o.wsUrl);
      connections.push(connection);
      connection.connect();
      await connection.open.promise;
    }
  },

  /** Ends all sockets and opens new ones with the same keys, all at once. @returns ms until the last one is open */
  restore: async () => {
    for (const connection of connections) connection.hangUp();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const startedAt = now();
    await Promise.all(connections.map((connection) => connection.reopen()));
    return now() - startedAt;
  },

  /** Logins of all connections so far. */
  opens: () => connections.map(({ opens }) => opens),

  received: () => connections.reduce((sum, each) => sum + each.received, 0),

  /** `messages` per connection, one at a time to each recipient. @returns how long until the last ack, and each one's time */
  send: async (o: { to: string[]; messages: number; label: string }) => {
    const took: number[] = [];
    const startedAt = now();
    const lanes = connections.flatMap((connection) =>
      o.to.map(async (jid, lane) => {
        for (let index = lane; index < o.messages; index += o.to.length) {
          const at = now();
          await connection.send(jid, `${o.label} ${index + 1}`);
          took.push(now() - at);
        }
      }),
    );
    await Promise.all(lanes);
    return { elapsedMs: now() - startedAt, took };
  },

  usage,
};

export type BareApi = typeof api;

serve(api, () => undefined);
