import { connect, type Socket } from 'node:net';

/** A TCP connection that says exactly what it is told, and remembers what it hears. */
export class RawHttp {
  #heard = '';
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (bytes: Buffer) => (this.#heard += bytes.toString('latin1')));
    socket.on('close', () => (this.closed = true));
    // A refused body may end in a reset.
    socket.on('error', () => undefined);
  }

  static open(url: string): Promise<RawHttp> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawHttp(socket)));
    });
  }

  /** The head of a request, without its body. */
  head(method: string, path: string, headers: Record<string, string>, version = '1.1'): this {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    return this.say([`${method} ${path} HTTP/${version}`, ...lines, '', ''].join('\r\n'));
  }

  say(text: string): this {
    if (!this.socket.destroyed) this.socket.write(text, 'latin1');
    return this;
  }

  get heard(): string {
    return this.#heard;
  }

  /** Of the first answer; null while there is none. */
  get status(): number | null {
    const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(this.#heard) ?? [];
    return status === undefined ? null : Number(status);
  }

  end(): void {
    this.socket.destroy();
  }
}
