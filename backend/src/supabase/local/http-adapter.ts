import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ByteBudget } from '../../lib/byte-budget.js';
import { ConnectionGate } from '../../lib/connection-gate.js';
import { Semaphore } from '../../lib/semaphore.js';
import { authRefusal } from './endpoints.js';
import { corsHeaders, isRefusal, judge, type Admission, type Caller, type FrontDoorRules } from './front-door.js';
import { refusal, type Refusal } from './refusal.js';
import type { Shortcut } from './write-shortcut.js';

type FetchHandler = (request: Request) => Response | Promise<Response>;

const MB = 1024 * 1024;

/** Largest body by caller. The gateway's own fits 500 messages of 64 KB each. */
const BODY_MAX_BYTES: Record<Caller, number> = { service: 64 * MB, user: MB, anon: 64 * 1024 };
/** Bodies in memory at once: those of others never take the gateway's room. */
const IN_FLIGHT_BYTES = { service: 192 * MB, others: 16 * MB };
/** Postgres has ten connections for requests: these many at most are for others than the gateway. */
const OTHERS_AT_ONCE = 6;
const OTHERS_WAITING = 200;
/** A password costs a tenth of a second of CPU, and the anon key is known to every browser. */
const PASSWORDS_PER_MINUTE = 60;

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const CONNECTIONS = { unprovenPerAddress: 128, unproven: 256, idleMs: 10_000 };
const MOST_CONNECTIONS = 2_048;

const CORS_PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS',
  'access-control-max-age': '600',
};

/** What stands behind the door. */
export interface LocalApiParts {
  handler: FetchHandler;
  /** Requests that do not reach the handler. */
  shortcut: Shortcut;
  rules: FrontDoorRules;
}

/**
 * Serves the local API on 127.0.0.1. Of a request that is refused nothing but its head is read.
 * @param port 0 = any free one
 */
export async function serveLocalApi(parts: LocalApiParts, port: number): Promise<{ server: Server; port: number }> {
  const api = new LocalApi(parts);
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  server.maxConnections = MOST_CONNECTIONS;
  // Longer than the client's own idle time-out, so that no request meets a socket that is just being closed.
  server.keepAliveTimeout = 65_000;
  api.gate.watch(server);
  server.on('request', (request, response) => {
    api.answer(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else send(response, refusal(500, 'internal error'));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

class LocalApi {
  readonly gate = new ConnectionGate(CONNECTIONS);
  readonly #budgets = {
    service: new ByteBudget(IN_FLIGHT_BYTES.service),
    others: new ByteBudget(IN_FLIGHT_BYTES.others),
  };
  readonly #others = new Semaphore(OTHERS_AT_ONCE);
  #othersWaiting = 0;
  #passwords = { count: 0, until: 0 };

  constructor(private readonly parts: LocalApiParts) {}

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { rules } = this.parts;
    const judged = judge(request, rules);
    if (isRefusal(judged)) return send(response, judged, corsHeaders(request.headers, rules.origins));
    const cors = corsHeaders(request.headers, rules.origins);
    if (judged.endpoint.area === 'preflight') {
      const asked = request.headers['access-control-request-headers'];
      const allowed = asked === undefined ? {} : { 'access-control-allow-headers': asked };
      response.writeHead(204, { ...cors, ...CORS_PREFLIGHT, ...allowed }).end();
      return;
    }
    this.gate.prove(request.socket);
    if (judged.endpoint.hashesPassword && judged.caller !== 'service' && !this.#mayHash()) {
      return send(response, authRefusal(429, 'over_request_rate_limit', 'Too many sign-ins: wait a minute.'), cors);
    }
    const share = this.#budgets[judged.caller === 'service' ? 'service' : 'others'].share();
    try {
      const body = await readBody(request, BODY_MAX_BYTES[judged.caller], (bytes) => share.add(bytes));
      if (!Buffer.isBuffer(body)) return send(response, body, cors);
      await this.#inTurn(judged, response, cors, () => this.#pass(request, judged, response, body, cors));
    } finally {
      share.release();
    }
  }

  /** The gateway's own requests at once; those of others a few at a time. */
  async #inTurn(
    { caller }: Admission,
    response: ServerResponse,
    cors: Record<string, string>,
    work: () => Promise<void>,
  ): Promise<void> {
    if (caller === 'service') return work();
    if (this.#othersWaiting >= OTHERS_WAITING) return send(response, BUSY, cors);
    this.#othersWaiting += 1;
    try {
      await this.#others.run(work);
    } finally {
      this.#othersWaiting -= 1;
    }
  }

  async #pass(
    request: IncomingMessage,
    admission: Admission,
    response: ServerResponse,
    body: Buffer<ArrayBuffer>,
    cors: Record<string, string>,
  ): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const write = this.parts.shortcut({ method, url, headers: request.headers });
    if (write) {
      const { status, json } = await write(body);
      response.writeHead(status, { ...cors, 'content-type': 'application/json; charset=utf-8' }).end(json);
      return;
    }
    const result = await this.parts.handler(toRequest(request, admission, body));
    const bytes = Buffer.from(await result.arrayBuffer());
    const headers = [...result.headers].filter(([name]) => !name.startsWith('access-control-') && name !== 'vary');
    response
      .writeHead(result.status, { ...Object.fromEntries(headers), ...cors, 'content-length': bytes.length })
      .end(bytes);
  }

  #mayHash(): boolean {
    const now = performance.now();
    if (now >= this.#passwords.until) this.#passwords = { count: 0, until: now + 60_000 };
    this.#passwords.count += 1;
    return this.#passwords.count <= PASSWORDS_PER_MINUTE;
  }
}

const BUSY: Refusal = { ...refusal(503, 'Too many requests at once.', 'PGRST003'), headers: { 'retry-after': '1' } };

function toRequest(request: IncomingMessage, { apikey, token }: Admission, body: Buffer<ArrayBuffer>): Request {
  const { method = 'GET', url = '/' } = request;
  const headers = new Headers();
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    headers.append(request.rawHeaders[i] ?? '', request.rawHeaders[i + 1] ?? '');
  }
  headers.delete('authorization');
  if (apikey !== null) headers.set('apikey', apikey);
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  const target = new URL(`http://127.0.0.1${url}`);
  // It came as a key and would be taken for a filter.
  if (target.searchParams.has('apikey')) target.searchParams.delete('apikey');
  const init: RequestInit = method === 'GET' || method === 'HEAD' ? { method, headers } : { method, headers, body };
  return new Request(target, init);
}

/** @returns the body, or why it is not taken: then the rest is not read */
async function readBody(
  request: IncomingMessage,
  most: number,
  add: (bytes: number) => boolean,
): Promise<Buffer<ArrayBuffer> | Refusal> {
  const tooLarge = refusal(413, `The body has more than ${most} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > most) return tooLarge;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (why: Refusal) => {
      request.removeAllListeners('data').pause();
      resolve(why);
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > most) return stop(tooLarge);
      if (!add(chunk.length)) return stop(BUSY);
      chunks.push(chunk);
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('aborted', () => reject(new Error('the request broke off')));
  });
}

function send(response: ServerResponse, { status, body, headers }: Refusal, more: Record<string, string> = {}): void {
  const head = { 'content-type': 'application/json; charset=utf-8', ...headers, ...more };
  response.writeHead(status, head).end(JSON.stringify(body));
}
