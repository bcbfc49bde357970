import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import type { NewEvent } from '../../journal/webhooks/records.js';
import { withDeadline } from '../../lib/deadline.js';
import { GatewayError, isGatewayError } from '../../lib/errors.js';
import { TypedEmitter } from '../../lib/typed-emitter.js';
import { may } from './caller.js';
import { catchUp, type CatchUpOutcome } from './catch-up.js';
import { closeSoon, cut, drained, ended, guardConnection, type Connection } from './connection-guard.js';
import { FanOut, type Audience } from './fan-out.js';
import { readHandshake, refusal, type Handshake } from './handshake.js';
import { DROPS, Listeners, type DropCode, type Listener } from './listeners.js';
import { PendingHandshakes } from './pending-handshakes.js';
import type { RealtimeDeps, RealtimeEvents } from './realtime-deps.js';
import { roomsOfCaller } from './rooms.js';
import { STREAMS, type Stream } from './streams.js';

interface SocketData {
  listener?: Listener;
  hello?: Handshake;
}
type OurSocket = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>;
type OurServer = Server<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>;

/** A handshake with the longest token that is taken; clients have nothing else to say. */
const MOST_HEARD_BYTES = 32 * 1024;
const HANDSHAKE_MS = 10_000;
const STOP_MS = 1_000;
/** The caller with the root key. */
const ROOT = 'root';

/**
 * The WebSocket side of the gateway (socket.io, on the HTTP server's port). Who connects shows a key or token, joins the
 * rooms of what it may see, and is told what is in the log of events, beginning after `since`.
 *
 * `idle` → `running` → `stopped`. Stopping tells every client, waits a second for them to go, and cuts the rest.
 */
export class RealtimeServer {
  readonly events: TypedEmitter<RealtimeEvents>;
  readonly #listeners: Listeners;
  readonly #handshakes: PendingHandshakes;
  /** Also those that are being closed, and those that have not said who they are. */
  readonly #connections = new Set<Connection>();
  /** There while it runs. */
  #live: { io: OurServer; fanOut: FanOut } | null = null;
  #state: 'idle' | 'running' | 'stopped' = 'idle';
  #written = 0;
  #stopping: Promise<void> | null = null;

  constructor(private readonly deps: RealtimeDeps) {
    this.events = new TypedEmitter(deps.log);
    this.#listeners = new Listeners(deps);
    this.#handshakes = new PendingHandshakes({ clock: deps.clock, handshakeMs: HANDSHAKE_MS });
  }

  /** Sockets that are let in, and messages that were written to clients since the start. */
  get figures(): { clients: number; messages: number } {
    return { clients: this.#listeners.size, messages: this.#written };
  }

  /** Shares the port of this server, which has its own listeners already. */
  async start(server: HttpServer): Promise<void> {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    const io = await this.#createServer();
    if (this.#stopping) return;
    const fanOut = new FanOut({ ...this.deps, audiences: STREAMS.map((stream) => this.#audience(io, stream)) });
    this.#live = { io, fanOut };
    fanOut.start();
    this.#listeners.start();
    io.attach(server);
    // How long such a connection may last, and how many there may be, is decided here and no longer by the HTTP server.
    server.on('upgrade', (req: IncomingMessage) => this.deps.proven(req.socket));
    io.engine.on('connection', (connection: Connection) => this.#watch(connection));
  }

  /** Ends within about a second. Can be called twice. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#end());
  }

  /** Keys have changed: who lost theirs loses the socket now. */
  keysChanged(): Promise<void> {
    return this.#listeners.lookAgain();
  }

  /** For what is no news a minute later: told to who is there, kept nowhere. Never rejects. */
  async tellNow(event: NewEvent): Promise<void> {
    if (this.#live === null || this.#listeners.size === 0) return;
    await this.#live.fanOut.tellNow(event);
  }

  /** Loaded here: the sockets to WhatsApp are opened before anybody can listen. */
  async #createServer(): Promise<OurServer> {
    const { Server } = await import('socket.io');
    const { path, origins } = this.deps;
    return new Server({
      path,
      serveClient: false,
      cors: { origin: origins.includes('*') ? '*' : [...origins] },
      maxHttpBufferSize: MOST_HEARD_BYTES,
      connectTimeout: HANDSHAKE_MS,
      httpCompression: false,
      allowRequest: (req, answer) => {
        const why = this.#refuses(req);
        answer(why, why === null);
      },
    });
  }

  #watch(connection: Connection): void {
    this.#connections.add(connection);
    this.#handshakes.add(connection);
    void ended(connection).then(() => this.#connections.delete(connection));
    guardConnection(connection, {
      clock: this.deps.clock,
      wrote: () => (this.#written += 1),
      bad: (code) => this.#dropConnection(connection, code),
    });
  }

  #refuses(req: IncomingMessage): string | null {
    if (this.#live === null) return 'The gateway stops.';
    const why = this.deps.refuses(req);
    if (why !== null) this.events.emit('refused', { code: 'FORBIDDEN_HOST' });
    return why;
  }

  #audience(io: OurServer, stream: Stream): Audience {
    const namespace = io.of(stream.namespace);
    const audience: Audience = {
      stream,
      get size() {
        return namespace.sockets.size;
      },
      tell: (rooms, { name, body, except = [] }) => {
        // Nobody there: not even written.
        if (rooms.some((room) => namespace.adapter.rooms.has(room)))
          namespace
            .to(rooms)
            .except([...except])
            .emit(name, body);
      },
    };
    namespace.use((socket, next) => {
      this.#letIn(socket).then(
        () => next(),
        (error: unknown) => next(this.#refused(error)),
      );
    });
    namespace.on('connection', (socket) => void this.#welcome(socket, audience));
    return audience;
  }

  /** @throws GatewayError why it is not let in */
  async #letIn(socket: OurSocket): Promise<void> {
    const hello = readHandshake(socket);
    const caller = await withDeadline(this.deps.identify(hello.credential), HANDSHAKE_MS, 'signing in');
    if (caller === null) throw new GatewayError('UNAUTHORIZED', 'auth.token must be an API key or a user token.');
    if (!may('read', caller)) throw new GatewayError('FORBIDDEN', 'This needs a key with "read".');
    this.#assertRoom(caller.name);
    // From now on every event is kept: what this client misses later, it can ask for.
    await this.deps.feed.listen();
    const { credential, connections } = hello;
    const drop = (code: DropCode) => this.#drop(socket, code);
    socket.data = { hello, listener: { caller, credential, wanted: connections, drop } };
  }

  /** The root key always finds a place: its owner must be able to look. */
  #assertRoom(name: string): void {
    const { maxClients, maxClientsPerIdentity } = this.deps;
    if (this.#listeners.size >= maxClients && name !== ROOT) {
      throw new GatewayError('RATE_LIMITED', `There may be ${maxClients} sockets at once (REALTIME_MAX_CLIENTS).`);
    }
    if (this.#listeners.count(name) < maxClientsPerIdentity) return;
    const text = `There may be ${maxClientsPerIdentity} sockets for one key or user (REALTIME_MAX_CLIENTS_PER_IDENTITY).`;
    throw new GatewayError('RATE_LIMITED', text);
  }

  #refused(cause: unknown): Error {
    const error = isGatewayError(cause) ? cause : new GatewayError('INTERNAL', undefined, { cause });
    if (error.code === 'INTERNAL') this.deps.log.error('a WebSocket handshake failed', { error: cause });
    this.events.emit('refused', { code: error.code });
    return refusal(error);
  }

  async #welcome(socket: OurSocket, audience: Audience): Promise<void> {
    const { listener, hello } = socket.data;
    if (!listener || !hello || !this.#live) return void socket.disconnect(true);
    const { name } = listener.caller;
    this.#listeners.add(listener);
    this.#handshakes.signedIn(socket.conn);
    this.deps.proven(socket.request.socket);
    socket.on('disconnect', () => {
      this.#listeners.remove(listener);
      this.#handshakes.signedOut(socket.conn);
    });
    const { maxClients, maxClientsPerIdentity } = this.deps;
    // Several that came at the same moment were all let in.
    const isFull = this.#listeners.size > maxClients && name !== ROOT;
    if (isFull || this.#listeners.count(name) > maxClientsPerIdentity) return listener.drop('TOO_MANY_CLIENTS');
    const rooms = new Set(roomsOfCaller(listener.caller, listener.wanted));
    const { clock, log, feed } = this.deps;
    const { fanOut } = this.#live;
    try {
      await catchUp(
        { feed, fanOut },
        {
          ...{ audience, rooms },
          get gone() {
            return !socket.connected;
          },
          tell: ({ name, body }) => void socket.emit(name, body),
          drained: () => drained(socket.conn, clock),
          join: (outcome) => join(socket, rooms, outcome),
        },
        hello.since,
      );
    } catch (error) {
      log.warn('a client could not be told what it missed', { caller: listener.caller.name, error });
      if (socket.connected) listener.drop('TOO_SLOW');
    }
  }

  #dropConnection(connection: Connection, code: DropCode): void {
    for (const { namespace } of STREAMS) {
      for (const socket of this.#live?.io.of(namespace).sockets.values() ?? []) {
        if (socket.conn === connection) this.#drop(socket, code);
      }
    }
    closeSoon(connection, this.deps.clock);
  }

  /** Tells it why, stops telling it anything else, and closes its connection. */
  #drop(socket: OurSocket, code: DropCode): void {
    const { message, again } = DROPS[code];
    this.events.emit('dropped', { code });
    this.deps.log.info('WebSocket client dropped', { caller: socket.data.listener?.caller.name, code });
    for (const room of socket.rooms) void socket.leave(room);
    socket.emit('dropped', { code, message });
    // A goodbye of socket.io keeps the client from coming back by itself; a closed connection does not.
    if (!again) socket.disconnect();
    closeSoon(socket.conn, this.deps.clock);
  }

  async #end(): Promise<void> {
    this.#state = 'stopped';
    if (!this.#live) return;
    const { io, fanOut } = this.#live;
    this.#live = null;
    fanOut.stop();
    this.#listeners.stop();
    this.#handshakes.stop();
    const gone = Promise.all([...this.#connections].map((connection) => ended(connection)));
    for (const { namespace } of STREAMS) {
      for (const socket of io.of(namespace).sockets.values()) this.#drop(socket, 'GATEWAY_STOPS');
    }
    await withDeadline(gone, STOP_MS, 'goodbyes').catch(() => this.#connections.forEach(cut));
    // `io.close` would close the HTTP server, which is not ours.
    io.engine.close();
  }
}

/** `ready` tells a client that from here on it hears everything as it happens. */
function join(socket: OurSocket, rooms: ReadonlySet<string>, { complete, replayed, place }: CatchUpOutcome): void {
  void socket.join([...rooms]);
  socket.emit('ready', { complete, replayed, since: place });
}
