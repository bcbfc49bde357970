import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { GatewayError } from '../lib/errors.js';
import { withDeadline } from '../lib/deadline.js';

export interface ListenerDeps {
  readonly host: string;
  /** 0 picks a free port, which stays the same when listening is taken up again. */
  readonly port: number;
  /** The HTTP status that answers the next upgrades, or null to accept them. */
  readonly refuseUpgradesWith: () => number | null;
  readonly onSocket: (webSocket: WebSocket, tcp: Socket) => void;
}

/** The TCP and WebSocket front door. `pause` closes the port only: sockets that are open stay. */
export class Listener {
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #tcp = new Set<Socket>();
  #server: Server | null = null;
  #port: number;

  constructor(private readonly deps: ListenerDeps) {
    this.#port = deps.port;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts to listen; nothing happens when it already does. */
  async listen(): Promise<void> {
    if (this.#server) return;
    const server = createServer((_, response) => response.writeHead(426).end());
    this.#server = server;
    server.on('connection', (socket) => this.#track(socket));
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#upgrade(request, socket, head);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, this.deps.host, () => resolve());
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Closes the port: new connections are refused by the operating system. */
  pause(): void {
    this.#server?.close();
    this.#server = null;
  }

  /** Closes the port and every socket. */
  async close(): Promise<void> {
    this.pause();
    for (const client of this.#sockets.clients) client.terminate();
    for (const socket of this.#tcp) socket.destroy();
    const closed = new Promise<void>((resolve) => this.#sockets.close(() => resolve()));
    await withDeadline(closed, 5000, 'closing the simulator').catch((error: unknown) => {
      if (!(error instanceof GatewayError)) throw error;
    });
  }

  #track(socket: Socket): void {
    socket.setNoDelay(true);
    this.#tcp.add(socket);
    socket.once('close', () => this.#tcp.delete(socket));
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const status = this.deps.refuseUpgradesWith();
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} Refused by the simulator\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.deps.onSocket(webSocket, socket));
  }
}
