import { io, type Socket } from 'socket.io-client';
import { until } from './until.js';

/** An event as a client of the WebSocket gets it. */
export interface Heard {
  name: string;
  body: {
    id: string;
    type: string;
    connectionId: string | null;
    ownerId: string | null;
    data: Record<string, unknown>;
  };
}

export interface Ready {
  complete: boolean;
  replayed: number;
  since: string;
}

interface Options {
  token?: string;
  since?: string;
  connections?: string[];
  namespace?: string;
  headers?: Record<string, string>;
  transports?: ('websocket' | 'polling')[];
  path?: string;
  /** Comes back by itself, asking for what it missed. */
  reconnects?: boolean;
}

/** Somebody's program with the real socket.io client. It remembers all it heard, in order. */
export class SocketClient {
  readonly heard: Heard[] = [];
  readonly ready: Ready[] = [];
  readonly socket: Socket;
  refused: (Error & { data?: { code: string; status: number; details?: unknown } }) | null = null;
  dropped: string | null = null;
  left: string | null = null;
  #since: string | undefined;

  constructor(url: string, options: Options = {}) {
    const { token, since, connections, namespace = '/', headers, transports = ['websocket'], path } = options;
    this.#since = since;
    this.socket = io(url + namespace, {
      // Asked for at every connect: this is how a client goes on where it was.
      auth: (answer) => answer({ token, since: this.#since, connections }),
      ...{ transports, forceNew: true, reconnection: options.reconnects ?? false, reconnectionDelay: 20 },
      ...(headers && { extraHeaders: headers }),
      ...(path && { path }),
    });
    this.socket.onAny((name: string, body: unknown) => this.#take(name, body));
    this.socket.on('connect_error', (error) => (this.refused = error));
    this.socket.on('disconnect', (reason) => (this.left = reason));
  }

  /** Connects, and waits until it hears everything as it happens. */
  static async ready(url: string, options?: Options): Promise<SocketClient> {
    const client = new SocketClient(url, options);
    await until('the client to be ready', () => {
      if (client.refused) throw client.refused;
      return client.ready.length > 0;
    });
    return client;
  }

  get ids(): string[] {
    return this.heard.map(({ body }) => body.id);
  }

  ofType(type: string): Heard[] {
    return this.heard.filter(({ body }) => body.type === type);
  }

  close(): void {
    this.socket.disconnect();
  }

  #take(name: string, body: unknown): void {
    if (name === 'dropped') this.dropped = (body as { code: string }).code;
    else if (name === 'ready') {
      this.ready.push(body as Ready);
      this.#since = (body as Ready).since;
    } else {
      this.heard.push({ name, body: body as Heard['body'] });
      if (!(body as Heard['body']).id.startsWith('live_')) this.#since = (body as Heard['body']).id;
    }
  }
}
