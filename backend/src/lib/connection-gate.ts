import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Bounds of a listener's connections; see {@link ConnectionGate}. */
export interface ConnectionLimits {
  /** Connections without proof from one address, and from all. */
  unprovenPerAddress: number;
  unproven: number;
  /** A connection without proof that does nothing for so long is closed. */
  idleMs: number;
}

interface Stranger {
  address: string;
  since: number;
  /** Requests that are being answered. */
  busy: number;
  idle: NodeJS.Timeout;
}

/** So young a connection is not closed to make room: its first request may be in the next packet. */
const GRACE_MS = 1_000;
/** After an early answer, what is left of a small body may still come; the rest of a large one is not read. */
const LINGER_MS = 1_000;
const LINGER_BYTES = 64 * 1024;

/**
 * Keeps strangers from using up a listener's connections.
 *
 * - **unproven**: every new connection. Few per address, and closed when it idles. Where there are too many, the oldest
 *   goes, not the newest: whoever has a key gets in at once and is proven with the first request.
 * - **proven** (`prove`): a request on it has shown a key that holds. It is not counted any more.
 *
 * A request that is answered before its body has come takes its connection along, so that nobody can go on sending.
 */
export class ConnectionGate {
  readonly #strangers = new Map<Socket, Stranger>();
  readonly #perAddress = new Map<string, number>();

  constructor(private readonly limits: ConnectionLimits) {}

  /** Connections that have shown nothing yet. */
  get unproven(): number {
    return this.#strangers.size;
  }

  watch(server: Server): void {
    server.on('connection', (socket) => this.#arrived(socket));
    server.on('request', (req: IncomingMessage, res: ServerResponse) => this.#asked(req, res));
  }

  /** Counts this connection no longer: its caller has shown a key, or it is somebody else's to bound. Can be called twice. */
  prove(socket: Socket): void {
    const stranger = this.#strangers.get(socket);
    if (!stranger) return;
    clearTimeout(stranger.idle);
    this.#strangers.delete(socket);
    const left = (this.#perAddress.get(stranger.address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(stranger.address, left);
    else this.#perAddress.delete(stranger.address);
  }

  #arrived(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const idle = setTimeout(() => this.#idled(socket), this.limits.idleMs).unref();
    this.#strangers.set(socket, { address, since: performance.now(), busy: 0, idle });
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    socket.once('close', () => this.prove(socket));
    if ((this.#perAddress.get(address) ?? 0) > this.limits.unprovenPerAddress) this.#makeRoom(address);
    if (this.#strangers.size > this.limits.unproven) this.#makeRoom(null);
  }

  /** Those that ask nothing go first, the oldest of them; connections in their first second only beyond twice the limit. */
  #makeRoom(address: string | null): void {
    const oldest: { idle?: Socket; busy?: Socket; young?: Socket } = {};
    let count = 0;
    for (const [socket, stranger] of this.#strangers) {
      if (address !== null && stranger.address !== address) continue;
      count += 1;
      if (performance.now() - stranger.since <= GRACE_MS) oldest.young ??= socket;
      else if (stranger.busy > 0) oldest.busy ??= socket;
      else oldest.idle ??= socket;
      if (oldest.idle) break;
    }
    const most = address === null ? this.limits.unproven : this.limits.unprovenPerAddress;
    const victim = oldest.idle ?? oldest.busy ?? (count > 2 * most ? oldest.young : undefined);
    if (!victim) return;
    victim.destroy();
    this.prove(victim);
  }

  #asked(req: IncomingMessage, res: ServerResponse): void {
    const stranger = this.#strangers.get(req.socket);
    if (stranger) stranger.busy += 1;
    res.once('close', () => {
      if (stranger) stranger.busy -= 1;
      if (stranger && this.#strangers.has(req.socket)) stranger.idle.refresh();
    });
    res.once('finish', () => {
      if (!req.complete) endUnread(req);
    });
  }

  #idled(socket: Socket): void {
    const stranger = this.#strangers.get(socket);
    if (!stranger) return;
    if (stranger.busy > 0) stranger.idle.refresh();
    else socket.destroy();
  }
}

/** The answer is out and the body is still coming: a moment for the client to read the answer, then the connection ends. */
function endUnread(req: IncomingMessage): void {
  const { socket } = req;
  const declared = Number(req.headers['content-length'] ?? Infinity);
  if (!(declared <= LINGER_BYTES)) socket.pause();
  const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  const done = () => clearTimeout(cut);
  req.once('end', done);
  socket.once('close', done);
}
