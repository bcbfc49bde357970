import { decodeBinaryNode, encodeBinaryNode, type BinaryNode } from '@whiskeysockets/baileys';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Log } from '../lib/log.js';
import { FrameReader, frame } from './framing.js';
import { NoiseServer, type ClientFinish, type NoiseIdentity } from './noise.js';
import { node } from './stanzas.js';

/** What a connection needs from the server around it. */
export interface ConnectionDeps {
  readonly webSocket: WebSocket;
  readonly tcp: Socket;
  readonly identity: NoiseIdentity;
  /** Milliseconds every outgoing stanza is held back; asked for each one. */
  readonly latencyMs: () => number;
  /** The handshake is done: set `onNode` and answer. */
  readonly onOpen: (connection: Connection, finish: ClientFinish) => void;
  readonly log: Log;
}

/**
 * One client socket, from the first byte to the close.
 *
 * - `hello`: waits for clientHello, answers with the certificates.
 * - `finish`: waits for clientFinish; then `onOpen` decides between registration and login.
 * - `open`: encrypted stanzas both ways; `onNode` gets each one in order.
 * - `closed`: nothing more is read or written; `onClose` has run once.
 *
 * A black hole is not a state: the TCP connection stays, and nothing passes in either direction.
 */
export class Connection {
  onNode: (stanza: BinaryNode) => void = () => undefined;
  onClose: () => void = () => undefined;
  /** For the record of the server: who this is, once it has logged in. */
  owner: string | null = null;
  #state: 'hello' | 'finish' | 'open' | 'closed' = 'hello';
  #hole = false;
  #reading: Promise<void> = Promise.resolve();
  readonly #frames = new FrameReader();
  readonly #noise: NoiseServer;
  readonly #delayed: { dueAt: number; action: () => void }[] = [];
  readonly #held: Uint8Array[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly deps: ConnectionDeps) {
    this.#noise = new NoiseServer(deps.identity);
    deps.webSocket.on('message', (data: Buffer) => this.#receive(data));
    deps.webSocket.on('close', () => this.#closed());
    deps.webSocket.on('error', (error) => deps.log.debug('simulated socket failed', { error }));
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  send(stanza: BinaryNode): void {
    this.#later(() => this.#write(this.#noise.encrypt(encodeBinaryNode(stanza))));
  }

  /** `<failure reason=…/>`, then the close: the answer to a login that is refused. */
  fail(reason: number, attrs: Record<string, string> = {}): void {
    this.send(node('failure', { reason: String(reason), location: 'sim', ...attrs }));
    this.end();
  }

  /** `<stream:error>`, then the close. Code 440 comes as the `conflict` child that WhatsApp uses for it. */
  streamError(code: number): void {
    const replaced = code === 440;
    const content = replaced ? [node('conflict', { type: 'replaced' })] : undefined;
    this.send(node('stream:error', replaced ? {} : { code: String(code) }, content));
    this.end();
  }

  /** Closes in an orderly way once everything sent so far is out. */
  end(): void {
    this.#later(() => this.deps.webSocket.close());
  }

  /** Resets the TCP connection: the client sees ECONNRESET, no close frame. */
  reset(): void {
    this.deps.tcp.resetAndDestroy();
  }

  /** From `true` on nothing passes in either direction; when it ends the network delivers what it held, as TCP would. */
  blackHole(on: boolean): void {
    this.#hole = on;
    if (on) return this.deps.webSocket.pause();
    this.deps.webSocket.resume();
    for (const payload of this.#held.splice(0)) this.#write(payload);
  }

  /** A frame the client cannot use: `undecodable` decrypts to nonsense, `undecryptable` does not decrypt. */
  garbage(kind: 'undecodable' | 'undecryptable'): void {
    const bytes = randomBytes(64);
    if (kind === 'undecodable') bytes.fill(0xff, 1).fill(0, 0, 1);
    this.#later(() => this.#write(kind === 'undecodable' ? this.#noise.encrypt(bytes) : bytes));
  }

  #receive(data: Buffer): void {
    try {
      for (const payload of this.#frames.push(data)) this.#take(payload);
    } catch (error) {
      this.deps.log.debug('simulated socket sent nonsense', { error });
      this.deps.webSocket.terminate();
    }
  }

  #take(payload: Buffer): void {
    switch (this.#state) {
      case 'hello':
        this.#state = 'finish';
        return this.#write(this.#noise.acceptHello(payload));
      case 'finish': {
        const finish = this.#noise.acceptFinish(payload);
        this.#state = 'open';
        return this.deps.onOpen(this, finish);
      }
      case 'open':
        return this.#read(this.#noise.decrypt(payload));
      case 'closed':
        return;
    }
  }

  // Decoding is asynchronous in Baileys; the chain keeps the stanzas in order.
  #read(plaintext: Buffer): void {
    this.#reading = this.#reading
      .then(async () => {
        const stanza = await decodeBinaryNode(plaintext);
        if (this.#state === 'open') this.onNode(stanza);
      })
      .catch((error: unknown) => this.deps.log.error('simulator failed on a stanza', { error }));
  }

  #write(payload: Uint8Array): void {
    if (this.#state === 'closed') return;
    if (this.#hole) this.#held.push(payload);
    else this.deps.webSocket.send(frame(payload));
  }

  // One queue, so that a stanza never overtakes an earlier one when the latency changes in between.
  #later(action: () => void): void {
    if (this.#state === 'closed') return;
    const latencyMs = this.deps.latencyMs();
    if (latencyMs <= 0 && this.#delayed.length === 0) return action();
    this.#delayed.push({ dueAt: Date.now() + latencyMs, action });
    this.#timer ??= setTimeout(() => this.#pump(), latencyMs);
  }

  #pump(): void {
    this.#timer = null;
    for (let head = this.#delayed[0]; head && head.dueAt <= Date.now(); head = this.#delayed[0]) {
      this.#delayed.shift();
      head.action();
    }
    const next = this.#delayed[0];
    if (next) this.#timer = setTimeout(() => this.#pump(), next.dueAt - Date.now());
  }

  #closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (this.#timer) clearTimeout(this.#timer);
    this.#delayed.length = 0;
    this.#held.length = 0;
    this.onClose();
  }
}
