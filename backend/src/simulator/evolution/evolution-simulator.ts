import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anEnvelope, type Json } from './envelope.js';

/** What an instance's webhook is. */
interface Webhook {
  url: string;
  headers: Record<string, string>;
  events: string[];
}

/** An instance of the simulated server. */
export interface SimulatedInstance {
  name: string;
  state: 'open' | 'connecting' | 'close';
  number: string | null;
  webhook: Webhook | null;
}

/** A request as it came in. */
export interface SeenRequest {
  method: string;
  /** Without the instance: `/message/sendText`. */
  route: string;
  instance: string;
  apikey: string | undefined;
  body: Json;
}

/**
 * How a request is to fail. `status`: answered so, nothing is done. `lost`: done, and the connection is cut before the answer.
 * `silent`: done, and never answered. `redirect`: to somewhere else.
 */
export type Fault = { status: number } | 'lost' | 'silent' | { redirect: string };

/** `AUTHENTICATION_API_KEY` of the simulated server. */
export const SERVER_KEY = 'global-key-of-the-server';
const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/**
 * An Evolution API server (v2): real HTTP, instances, webhooks, sends with ids of its own, and faults on demand. Nothing of the
 * gateway is replaced: it talks to this as it would to a real one.
 *
 * Written from Evolution API's public documentation and the published source of 2.3.6 (routes, answers, the webhook's envelope,
 * `apikey`), read in November 2026. It was never compared with a running server: where the two differ, the server is right.
 */
export class EvolutionSimulator {
  readonly instances = new Map<string, SimulatedInstance>();
  readonly requests: SeenRequest[] = [];
  /** Messages that went out to WhatsApp, by every send that was done. */
  readonly sent: (SeenRequest & { id: string })[] = [];
  /** Numbers that are not on WhatsApp. */
  readonly absent = new Set<string>();
  /** Whether `send.message` is told before the answer to the request; the real one does. */
  tellsSends = true;
  /** Decides over every request before anything is done: the status to answer, null = go on. It may take its time. */
  outage: ((seen: SeenRequest) => Promise<number | null>) | null = null;
  readonly #faults = new Map<string, Fault[]>();
  #server: Server | null = null;
  #port: number;
  #counter = 0;

  /** @param port 0 = a free one */
  constructor(port = 0) {
    this.#port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, at the port it had before. */
  async up(): Promise<void> {
    if (this.#server) return;
    this.#server = createServer((req, res) => void this.#take(req, res).catch(() => res.destroy()));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Nobody is there any more; what it knows stays. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  /** The next requests to that route fail so, one after the other. */
  fail(route: string, ...faults: Fault[]): void {
    this.#faults.set(route, [...(this.#faults.get(route) ?? []), ...faults]);
  }

  seen(route: string): SeenRequest[] {
    return this.requests.filter((each) => each.route === route);
  }

  /** A phone scans the code of an instance. */
  async scan(name: string, number: string): Promise<void> {
    const instance = this.instances.get(name)!;
    Object.assign(instance, { state: 'open', number });
    const wuid = `${number}@s.whatsapp.net`;
    await this.tell(name, 'connection.update', { instance: name, state: 'open', statusReason: 200, wuid });
  }

  /** Posts an event to the instance's webhook. @returns the status of the answer */
  async tell(name: string, event: string, data: unknown): Promise<number> {
    const instance = this.instances.get(name);
    if (!instance?.webhook) return 0;
    const { url, headers } = instance.webhook;
    const sender = instance.number === null ? undefined : `${instance.number}@s.whatsapp.net`;
    const body = JSON.stringify(anEnvelope(event, name, data, { sender, server_url: this.url }));
    const signal = AbortSignal.timeout(20_000);
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal,
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  async #take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { pathname, searchParams } = new URL(req.url ?? '/', this.url);
    const [, group = '', action = '', name = ''] = pathname.split('/').map(decodeURIComponent);
    const body = (text === '' ? {} : JSON.parse(text)) as Json;
    const instance = name || ((body['instanceName'] as string | undefined) ?? searchParams.get('instanceName') ?? '');
    const seen = {
      method: req.method ?? '',
      route: `/${group}/${action}`,
      instance,
      apikey: req.headers['apikey'] as string,
      body,
    };
    this.requests.push(seen);
    const down = (await this.outage?.(seen)) ?? null;
    if (down !== null) return answer(res, down, refusal('simulated'));
    const fault = this.#faults.get(seen.route)?.shift();
    if (typeof fault === 'object' && 'status' in fault) return answer(res, fault.status, refusal('simulated'));
    if (typeof fault === 'object') return void res.writeHead(302, { location: fault.redirect }).end();
    if (seen.apikey !== SERVER_KEY) return answer(res, 401, refusal('Unauthorized'));
    const [status, result] = await this.#do(seen);
    if (fault === 'lost') return void res.destroy();
    if (fault === 'silent') return;
    answer(res, status, result);
  }

  async #do(seen: SeenRequest): Promise<[number, unknown]> {
    const { route, instance: name, body } = seen;
    if (route === '/instance/create') return this.#create(name, body);
    const instance = this.instances.get(name);
    if (!instance) return [404, refusal(`The "${name}" instance does not exist`)];
    if (route === '/instance/connectionState')
      return [200, { instance: { instanceName: name, state: instance.state } }];
    if (route === '/instance/fetchInstances') return [200, [{ name, ownerJid: `${instance.number}@s.whatsapp.net` }]];
    if (route === '/instance/connect') return this.#connect(instance);
    if (route === '/webhook/set') {
      instance.webhook = webhookOf(body);
      return [201, { enabled: true }];
    }
    if (route === '/instance/logout') Object.assign(instance, { state: 'close', number: null });
    if (route === '/instance/delete') this.instances.delete(name);
    if (route.startsWith('/instance/'))
      return [200, { status: 'SUCCESS', error: false, response: { message: 'done' } }];
    if (route === '/chat/whatsappNumbers')
      return [200, (body['numbers'] as string[]).map((number) => this.#lookup(number))];
    return this.#send(instance, seen);
  }

  #create(name: string, body: Json): [number, unknown] {
    if (this.instances.has(name)) return [403, refusal(`This name "${name}" is already in use.`)];
    this.instances.set(name, { name, state: 'close', number: null, webhook: webhookOf(body) });
    return [201, { instance: { instanceName: name, status: 'created' }, hash: 'token', qrcode: { count: 0 } }];
  }

  #connect(instance: SimulatedInstance): [number, unknown] {
    if (instance.state === 'open') return [200, { instance: { instanceName: instance.name, state: 'open' } }];
    instance.state = 'connecting';
    this.#counter += 1;
    return [200, { pairingCode: 'ABCD1234', code: `2@code-${this.#counter}`, base64: PNG, count: this.#counter }];
  }

  #lookup(number: string) {
    const exists = !this.absent.has(number);
    return { jid: `${number}@s.whatsapp.net`, exists, number };
  }

  async #send(instance: SimulatedInstance, seen: SeenRequest): Promise<[number, unknown]> {
    const number = (seen.body['number'] as string | undefined) ?? '';
    if (this.absent.has(number)) return [400, refusal([{ jid: `${number}@s.whatsapp.net`, exists: false, number }])];
    this.#counter += 1;
    const id = `3EB0REMOTE${this.#counter}`;
    this.sent.push({ ...seen, id });
    const remoteJid = number.includes('@') ? number : `${number}@s.whatsapp.net`;
    const message = typeof seen.body['text'] === 'string' ? { conversation: seen.body['text'] } : { imageMessage: {} };
    const data = { key: { remoteJid, fromMe: true, id }, status: 'PENDING', message, messageTimestamp: 1_795_262_400 };
    if (this.tellsSends) void this.tell(instance.name, 'send.message', data).catch(() => undefined);
    return [201, data];
  }
}

function webhookOf({ webhook }: Json): Webhook | null {
  return (webhook as Webhook | undefined) ?? null;
}

function refusal(message: unknown) {
  return { status: 400, error: 'Bad Request', response: { message: Array.isArray(message) ? message : [message] } };
}

function answer(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
