import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A delivery as it came in. */
export interface Received {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
  json: { type: string; connectionId: string | null; data: Record<string, unknown> };
}

/** Somebody's server that is told by webhook: real HTTP, up or down, with answers to choose. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** The answer to a delivery; 200 unless a test says otherwise. */
  answer: (delivery: Received, res: ServerResponse) => void = (_delivery, res) => void res.writeHead(200).end();
  #server: Server | null = null;
  #port: number;

  /** @param port 0 = a free one */
  constructor(port = 0) {
    this.#port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  /** Listens, at the port it had before. */
  async up(): Promise<void> {
    this.#server = createServer((req, res) => void this.#take(req, res));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  /** First arrivals, in order; a repetition has an id that was there before. */
  get fresh(): Received[] {
    const seen = new Set<string>();
    return this.received.filter(({ id }) => !seen.has(id) && seen.add(id));
  }

  ofType(type: string): Received[] {
    return this.fresh.filter(({ json }) => json.type === type);
  }

  async #take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const json = JSON.parse(body) as Received['json'];
    const delivery = { id: String(req.headers['webhook-id']), headers: req.headers, body, json };
    this.received.push(delivery);
    this.answer(delivery, res);
  }
}
