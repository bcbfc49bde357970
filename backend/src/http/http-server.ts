import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConnectionGate } from '../lib/connection-gate.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';

const HEADERS_TIMEOUT_MS = 10_000;
/** To receive a whole request: a large file over a slow line takes minutes; nothing else holds a socket so long. */
const REQUEST_TIMEOUT_MS = 300_000;
/** Longer than the minute that load balancers keep an idle connection. */
const KEEP_ALIVE_MS = 65_000;
const STOP_DEADLINE_MS = 2000;
/** A proxy brings everybody from one address, but its connections are proven by the first caller who has a key. */
const STRANGERS = { unprovenPerAddress: 256, unproven: 1_024, idleMs: 10_000 };
const MOST_CONNECTIONS = 16_384;

/**
 * The listening socket. Goes `idle → loaded → running → stopped`, once.
 * loaded: the routes are there (`load`), and whoever shares the port may take its place beside them.
 * stopping: no new connections, idle ones are closed at once, running requests have 2 s to end.
 */
export class HttpServer {
  /** Bounds the connections of those who have shown no key. */
  readonly gate = new ConnectionGate(STRANGERS);
  readonly #server: Server;
  #loaded: Promise<void> | null = null;
  #started: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  /** @param deps.app the routes; asked for once, by `load` */
  constructor(private readonly deps: { app: () => Promise<RequestListener>; host: string; port: number; log: Log }) {
    this.#server = createServer({
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.gate.watch(this.#server);
    this.#server.on('request', (_req, res: ServerResponse) => res.once('close', () => this.#closeIfStopping()));
  }

  /** The server itself, for what shares its port (WebSockets). */
  get server(): Server {
    return this.#server;
  }

  /** Resolves when the routes are there. */
  load(): Promise<void> {
    return (this.#loaded ??= this.deps.app().then((app) => void this.#server.on('request', app)));
  }

  /** Resolves when it listens. @throws GatewayError `BAD_CONFIGURATION` when the port cannot be had */
  start(): Promise<void> {
    return (this.#started ??= this.#listen());
  }

  /** Resolves when every connection is closed. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#close());
  }

  /** Where it listens, with the real port when 0 was asked for. @throws Error while it does not listen */
  address(): { host: string; port: number; url: string } {
    const { address: host, port, family } = (this.#server.address() ?? {}) as Partial<AddressInfo>;
    if (host === undefined || port === undefined) throw new Error('The HTTP server does not listen.');
    return { host, port, url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}` };
  }

  async #listen(): Promise<void> {
    await this.load();
    const { host, port, log } = this.deps;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => reject(portProblem(host, port, cause)));
      this.#server.listen({ host, port }, resolve);
    });
    // From here on an error has nobody to reject; without a listener it would end the process.
    this.#server.on('error', (error) => log.error('http server error', { error }));
    log.info('http server listens', { url: this.address().url });
  }

  async #close(): Promise<void> {
    if (this.#started === null) return;
    await this.#started.catch(() => undefined);
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const cut = setTimeout(() => this.#server.closeAllConnections(), STOP_DEADLINE_MS);
    this.#server.closeIdleConnections();
    await closed;
    clearTimeout(cut);
  }

  /** A kept-alive connection whose last request has just ended is idle now, and would hold `close` up. */
  #closeIfStopping(): void {
    if (this.#stopped !== null) setImmediate(() => this.#server.closeIdleConnections());
  }
}

function portProblem(host: string, port: number, cause: NodeJS.ErrnoException): GatewayError {
  const why = cause.code === 'EADDRINUSE' ? 'another program listens there' : (cause.code ?? cause.message);
  const problem = `PORT must be free to listen on (got ${host}:${port}: ${why})`;
  return new GatewayError('BAD_CONFIGURATION', problem, { details: [problem], cause });
}
