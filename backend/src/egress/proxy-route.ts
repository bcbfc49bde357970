import { Agent as HttpsAgent } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { openTunnel, type Proxy, type TunnelDeps, type TunnelTarget } from './open-tunnel.js';

export interface ProxyRouteDeps extends TunnelDeps {
  /** The WebSocket of WhatsApp. */
  webSocketUrl: URL;
  /** PEM of the authority of the media servers; else the system's. */
  mediaCa?: string | undefined;
}

type Open = (target: TunnelTarget) => Promise<Socket>;

/**
 * The ways of one connection through its proxy: an agent for its WebSocket, one for uploads, and a dispatcher for
 * downloads. All of them open tunnels and nothing else, so none can go around it. Its owner closes it.
 */
export class ProxyRoute {
  readonly webSockets: HttpsAgent;
  readonly uploads: HttpsAgent;
  readonly dispatcher: Dispatcher;
  readonly #open: Open;

  constructor(
    proxy: Proxy,
    private readonly deps: ProxyRouteDeps,
  ) {
    this.#open = (target) => openTunnel(proxy, target, deps);
    this.webSockets = new TunnelAgent(this.#open, deps.webSocketUrl.protocol === 'wss:');
    this.uploads = new TunnelAgent(this.#open, true, deps.mediaCa);
    this.dispatcher = tunnelDispatcher(this.#open, deps);
  }

  /** Opens a tunnel to WhatsApp's host, and closes it. @throws as `openTunnel` */
  async check(): Promise<void> {
    const { hostname, port, protocol } = this.deps.webSocketUrl;
    const socket = await this.#open({ host: bare(hostname), port: Number(port) || (protocol === 'wss:' ? 443 : 80) });
    socket.on('error', () => undefined).destroy();
  }

  async close(): Promise<void> {
    this.webSockets.destroy();
    this.uploads.destroy();
    await this.dispatcher.destroy();
  }
}

/** Gives Node's HTTP client sockets that end at the other side of a proxy. */
class TunnelAgent extends HttpsAgent {
  /** Node compares it with that of the request. */
  protocol: string;

  constructor(
    private readonly open: Open,
    private readonly secure: boolean,
    private readonly ca?: string,
  ) {
    super({ keepAlive: false });
    this.protocol = secure ? 'https:' : 'http:';
  }

  override createConnection(
    options: { host?: string | null | undefined; port?: string | number | null | undefined; servername?: string },
    callback?: (error: Error | null, socket: Socket) => void,
  ): undefined {
    const host = bare(options.host ?? '');
    const done = callback as (error: Error | null, socket?: Socket) => void;
    const servername = options.servername ?? (isIP(host) === 0 ? host : '');
    this.open({ host, port: Number(options.port) }).then(
      (socket) => done(null, this.secure ? connectTls({ socket, host, servername, ca: this.ca }) : socket),
      (error: Error) => done(error),
    );
    return undefined;
  }
}

function tunnelDispatcher(open: Open, { mediaCa, timeoutMs }: ProxyRouteDeps): Agent {
  const secure = buildConnector({ timeout: timeoutMs, ...(mediaCa === undefined ? {} : { ca: mediaCa }) });
  const connect: buildConnector.connector = (target, callback) => {
    const isTls = target.protocol === 'https:';
    open({ host: bare(target.hostname), port: Number(target.port) || (isTls ? 443 : 80) }).then(
      (socket) => (isTls ? secure({ ...target, httpSocket: socket }, callback) : callback(null, socket)),
      (error: Error) => callback(error, null),
    );
  };
  return new Agent({ connect, connections: 4, headersTimeout: 20_000, bodyTimeout: 30_000, maxRedirections: 0 });
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
