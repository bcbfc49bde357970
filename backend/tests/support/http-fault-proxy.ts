import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fetch } from 'undici';

/** A wrong answer, as proxies and gateways in front of a database give them. */
export interface HttpFault {
  /** Whether the request goes through before its answer is replaced: the work is done, nobody hears of it. */
  afterCommit: boolean;
  answer(res: ServerResponse): void;
}

/** One write that came by. */
export interface SeenWrite {
  /** The items of the batch, each as its JSON. */
  items: string[];
  status: number;
}

/** Sits before the Supabase API; the next writes get wrong answers, everything else passes. */
export class HttpFaultProxy {
  /** Writes that are still to be answered by `fault`. */
  left = 0;
  fault: HttpFault | null = null;
  readonly writes: SeenWrite[] = [];
  #server: Server | null = null;

  /** @param target URL of the API */
  constructor(private readonly target: string) {}

  get url(): string {
    return `http://127.0.0.1:${(this.#server!.address() as AddressInfo).port}`;
  }

  async up(): Promise<void> {
    this.#server = createServer((req, res) => void this.#serve(req, res).catch(() => res.destroy()));
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  /** The next `times` writes are answered like this. */
  next(times: number, fault: HttpFault): void {
    this.left = times;
    this.fault = fault;
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const isWrite = req.url!.includes('/rpc/registrar_eventos');
    const fault = isWrite && this.left > 0 ? this.fault : null;
    if (fault) this.left -= 1;
    if (fault && !fault.afterCommit) return fault.answer(res);
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = req.headers;
    const answer = await fetch(this.target + req.url!, {
      method: req.method!,
      headers: headers as Record<string, string>,
      ...(body.length > 0 && { body }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (isWrite) this.writes.push({ items: itemsOf(body), status: answer.status });
    if (fault) return fault.answer(res);
    const type = answer.headers.get('content-type');
    res.writeHead(answer.status, type ? { 'content-type': type } : {}).end(bytes);
  }
}

function itemsOf(body: Buffer): string[] {
  const { lote } = JSON.parse(body.toString()) as { lote: unknown[] };
  return lote.map((item) => JSON.stringify(item));
}
