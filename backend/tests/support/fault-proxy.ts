import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A TCP port in front of another one (or of a Unix socket) on which a network can fail: refuse, be silent, be slow, reset
 * in the middle, lose an answer, or leave one side believing that the other is still there.
 */
export class FaultProxy {
  /** Takes bytes and passes nothing on in either direction, as a dead network does. */
  silent = false;
  /** Every chunk is held back so long. */
  latencyMs = 0;
  /** When the server goes away, the client does not hear of it. */
  halfOpen = false;
  /** Connections whose answer is swallowed, and which are then reset: the server has done what was asked. */
  losses = 0;
  readonly #pairs = new Set<{ client: Socket; upstream: Socket }>();
  readonly #target: NetConnectOpts;
  #server: Server | null = null;
  #port = 0;
  #budget: number | null = null;

  /** @param target a port on loopback, or the path of a Unix socket */
  constructor(target: string | number) {
    this.#target = typeof target === 'string' ? { path: target } : { host: '127.0.0.1', port: target };
  }

  get port(): number {
    return this.#port;
  }

  /** Listens, on the same port as before if there was one; all faults end. */
  up(): Promise<void> {
    Object.assign(this, { silent: false, latencyMs: 0, halfOpen: false, losses: 0 });
    this.#budget = null;
    if (this.#server) return Promise.resolve();
    const server = (this.#server = createServer((client) => this.#serve(client)));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', () => {
        this.#port = (server.address() as { port: number }).port;
        resolve();
      });
    });
  }

  /** Refuses connections and resets those that are open. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const { client, upstream } of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
    await closed;
  }

  /** Resets every open connection, on both sides; new ones pass. */
  reset(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** The next `bytes` towards the server still pass, then everything open is reset: in the middle of a request. */
  resetAfter(bytes: number): void {
    this.#budget = bytes;
  }

  #serve(client: Socket): void {
    const upstream = connect(this.#target);
    const pair = { client, upstream };
    this.#pairs.add(pair);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
    client.on('data', (bytes) => void this.#toServer(pair, bytes));
    upstream.on('data', (bytes) => void this.#toClient(pair, bytes));
    client.on('close', () => {
      this.#pairs.delete(pair);
      upstream.destroy();
    });
    upstream.on('close', () => {
      if (!this.halfOpen) client.destroy();
    });
  }

  async #toServer({ upstream }: { upstream: Socket }, bytes: Buffer): Promise<void> {
    if (this.latencyMs > 0) await delay(this.latencyMs);
    if (this.silent) return;
    if (this.#budget === null || bytes.length < this.#budget) {
      if (this.#budget !== null) this.#budget -= bytes.length;
      upstream.write(bytes);
      return;
    }
    upstream.write(bytes.subarray(0, this.#budget), () => this.reset());
    this.#budget = null;
  }

  async #toClient({ client, upstream }: { client: Socket; upstream: Socket }, bytes: Buffer): Promise<void> {
    if (this.latencyMs > 0) await delay(this.latencyMs);
    if (this.silent) return;
    if (this.losses === 0) return void client.write(bytes);
    this.losses -= 1;
    client.resetAndDestroy();
    upstream.destroy();
  }
}
