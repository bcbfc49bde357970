import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZodError } from 'zod';
import { isGatewayError } from '../lib/errors.js';
import { burstRoutes } from './control/bursts.js';
import { faultRoutes } from './control/faults.js';
import { messageRoutes } from './control/messages.js';
import { observeRoutes } from './control/observe.js';
import { peopleRoutes } from './control/people.js';
import { ControlFailure, type Route } from './control/route.js';
import type { Simulator } from './simulator.js';

const MAX_BODY_BYTES = 5_000_000;

/** JSON over HTTP for whoever has the simulator in another process: the demo, benchmarks, crash tests. Loopback only,
 *  without a key: it commands nothing but simulated people. Errors are `{ error }` with a 4xx status. */
export class ControlServer {
  readonly #server: Server;
  readonly #routes: Route[] = [...peopleRoutes, ...messageRoutes, ...burstRoutes(), ...faultRoutes, ...observeRoutes];
  #stopped: Promise<void> | null = null;

  private constructor(private readonly simulator: Simulator) {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** @param port 0 picks a free one. */
  static async start(simulator: Simulator, port = 0): Promise<ControlServer> {
    const control = new ControlServer(simulator);
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject);
      control.#server.listen(port, '127.0.0.1', () => resolve());
    });
    return control;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Closes the port and what is connected. Can be called twice. */
  stop(): Promise<void> {
    return (this.#stopped ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    }));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const result = await this.#run(request);
      answer(response, 200, result);
    } catch (error) {
      const { status, message } = refusal(error);
      answer(response, status, { error: message });
    }
  }

  async #run(request: IncomingMessage): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://control');
    for (const { method, path, run } of this.#routes) {
      const params = method === request.method ? match(path, url.pathname) : null;
      if (!params) continue;
      const body = method === 'GET' ? undefined : await readJson(request);
      return await run({ simulator: this.simulator, params, query: url.searchParams, body });
    }
    throw new ControlFailure(404, `there is no ${request.method} ${url.pathname}`);
  }
}

function match(path: string, actual: string): Record<string, string> | null {
  const [wanted, given] = [path.split('/'), actual.split('/')];
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(given[index]!);
    else if (part !== given[index]) return null;
  }
  return params;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ControlFailure(413, 'the body is too large');
    chunks.push(chunk);
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new ControlFailure(400, 'the body is no JSON');
  }
}

// What people do wrong with phones (a stale QR, a wrong code, a number taken) is a conflict, told in words.
function refusal(error: unknown): { status: number; message: string } {
  if (error instanceof ControlFailure) return error;
  if (error instanceof ZodError) return { status: 400, message: error.message };
  if (isGatewayError(error)) return error;
  return { status: 409, message: error instanceof Error ? error.message : String(error) };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
}
