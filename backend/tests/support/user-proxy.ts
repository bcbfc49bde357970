import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A connection that a proxy was asked for. */
interface Asked {
  host: string;
  port: number;
}

interface Login {
  username: string;
  password: string;
}

/** A proxy of a user's: it lets through whoever has its login, and keeps who has asked for what. */
export class UserProxy {
  /** All that were let through. */
  readonly tunnels: Asked[] = [];
  /** Those with a wrong login, or none. */
  strangers = 0;
  /** Targets that it does not connect to. */
  isBlocked: (target: Asked) => boolean = () => false;
  /** Takes connections, and answers nothing. */
  silent = false;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;

  /** @param tls key and certificate; with `http` that makes it an `https` proxy */
  constructor(
    private readonly kind: 'http' | 'socks5',
    private readonly login: Login | null = null,
    private readonly tls: { key: string; cert: string } | null = null,
  ) {}

  get port(): number {
    return this.#port;
  }

  /** How often somebody was connected to that port. */
  to(port: string | number): number {
    return this.tunnels.filter((each) => each.port === Number(port)).length;
  }

  /** Listens, on the same port as before if there was one. */
  async up(): Promise<this> {
    const server = (this.#server = this.#make());
    server.on('connection', (socket) => this.#keep(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as { port: number }).port;
    return this;
  }

  /** Is killed: everything that goes through it is cut. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #make(): Server {
    if (this.kind === 'socks5') return createServer((socket) => void this.#socks(socket).catch(() => socket.destroy()));
    const plain: RequestListener = (_request, response) => response.writeHead(400).end();
    const server = this.tls ? createHttpsServer(this.tls, plain) : createHttpServer(plain);
    return server.on('connect', (request: IncomingMessage, socket: Socket) => this.#connect(request, socket));
  }

  #connect(request: IncomingMessage, socket: Socket): void {
    this.#keep(socket);
    if (this.silent) return;
    const { hostname, port } = new URL(`http://${request.url}`);
    const target = { host: hostname, port: Number(port || 80) };
    const expected = this.login && Buffer.from(`${this.login.username}:${this.login.password}`).toString('base64');
    if (expected !== null && request.headers['proxy-authorization'] !== `Basic ${expected}`) {
      this.strangers += 1;
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="p"\r\n\r\n');
    } else if (this.isBlocked(target)) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    } else {
      this.#pass(socket, target, 'HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 502 Bad Gateway\r\n\r\n');
    }
  }

  /** RFC 1928 and 1929, as far as clients here speak it. */
  async #socks(socket: Socket): Promise<void> {
    const [, methods = 0] = await bytes(socket, 2);
    await bytes(socket, methods);
    if (this.silent) return;
    socket.write(Buffer.of(5, this.login ? 2 : 0));
    if (this.login && !(await this.#knows(socket, this.login))) {
      this.strangers += 1;
      return void socket.end(Buffer.of(1, 1));
    }
    const [, , , type] = await bytes(socket, 4);
    const address = await bytes(socket, type === 1 ? 4 : ((await bytes(socket, 1))[0] ?? 0));
    const host = type === 1 ? address.join('.') : address.toString();
    const target = { host, port: (await bytes(socket, 2)).readUInt16BE() };
    const reply = (code: number) => Buffer.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0);
    if (this.isBlocked(target)) return void socket.end(reply(2));
    this.#pass(socket, target, reply(0), reply(5));
  }

  async #knows(socket: Socket, { username, password }: Login): Promise<boolean> {
    await bytes(socket, 1);
    const text = async () => (await bytes(socket, (await bytes(socket, 1))[0] ?? 0)).toString();
    const isKnown = (await text()) === username && (await text()) === password;
    if (isKnown) socket.write(Buffer.of(1, 0));
    return isKnown;
  }

  #pass(socket: Socket, target: Asked, yes: string | Buffer, no: string | Buffer): void {
    const upstream = connect({ ...target, host: target.host.replace(/^localhost$/, '127.0.0.1') });
    this.#keep(upstream);
    upstream.once('error', () => socket.end(no));
    upstream.once('connect', () => {
      this.tunnels.push(target);
      socket.write(yes);
      socket.pipe(upstream).pipe(socket);
    });
    socket.once('close', () => upstream.destroy());
    upstream.once('close', () => socket.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => this.#sockets.delete(socket));
  }
}

async function bytes(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const chunk = count === 0 ? Buffer.alloc(0) : (socket.read(count) as Buffer | null);
    if (chunk !== null) return chunk;
    await new Promise<void>((resolve, reject) => {
      socket.once('readable', resolve).once('close', () => reject(new Error('closed')));
    });
  }
}
