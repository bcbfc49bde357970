import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP port in front of a Unix socket that can be taken away: what a database's host looks like when it is down. */
export class FaultProxy {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;
  /** Takes bytes and passes nothing on, as a dead network does. */
  silent = false;

  constructor(private readonly path: string) {}

  get port(): number {
    return this.#port;
  }

  /** Listens, on the same port as before if there was one. */
  up(): Promise<void> {
    this.silent = false;
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
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(client: Socket): void {
    const upstream = connect(this.path);
    const pairs = [
      [client, upstream],
      [upstream, client],
    ] as const;
    for (const [from, to] of pairs) {
      this.#sockets.add(from);
      from.on('data', (bytes) => this.silent || to.write(bytes));
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
