import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { loadConfig } from '../../src/config/load-config.js';
import { createGateway, type Gateway } from '../../src/gateway.js';
import type { ConnectionResource, QrResource, SentMessageResource } from '../../src/integration/resources.js';
import { createLog, type ClosableLog } from '../../src/lib/create-log.js';
import { silentLog } from '../../src/lib/log.js';
import { Simulator, type Companion, type Contact, type ContactOptions, type Phone } from '../../src/simulator/index.js';
import { unrefLongTimers } from '../integration/simulator/unref-long-timers.js';
import { Crm } from './crm.js';
import { aTestDatabase, type TestDatabase } from './database.js';
import { HttpClient, type Answer } from './http-client.js';
import { leakGuard } from './leak-guard.js';
import { until } from './until.js';

unrefLongTimers();

export const CONNECTIONS = '/api/whatsapp-integration/connections';
export const SEND = '/api/whatsapp-integration/messages/send';

/** A connection with the phone that it is paired to. */
export interface PairedConnection {
  id: string;
  phone: Phone;
  companion: Companion;
}

let counter = 0;

/** A Brazilian mobile number that nobody else in this file has. */
export function aNumber(): string {
  counter += 1;
  return `55119${String(60_000_000 + counter)}`;
}

/**
 * A whole gateway as `main.ts` starts it, on real parts: WhatsApp's side is the simulator, the rows are in a real
 * Postgres, requests go to the listening port. One per test file; tests keep apart by using connections of their own.
 */
export class TestGateway {
  simulator!: Simulator;
  database!: TestDatabase;
  crm!: Crm;
  http!: HttpClient;
  #gateway: Gateway | null = null;
  #dir = '';
  readonly #closers: (() => Promise<unknown>)[] = [];

  #log: ClosableLog | null = null;

  /** @param logs whether it writes log files as `main.ts` has it do (`logText`) */
  constructor(
    private readonly settings: Record<string, string>,
    private readonly logs = false,
  ) {}

  /** Everything that the gateway has logged so far; it must be stopped. */
  logText(): Promise<string> {
    return readFile(join(this.#dir, 'logs', 'combined.log'), 'utf8');
  }

  get parts(): Gateway['parts'] {
    if (!this.#gateway) throw new Error('the gateway is stopped');
    return this.#gateway.parts;
  }

  get dataDir(): string {
    return join(this.#dir, 'sessions');
  }

  async open(): Promise<void> {
    this.#dir = await mkdtemp(join(tmpdir(), 'sentinela-gateway-'));
    // A developer's own .env.supabase must not decide what is tested.
    await writeFile(join(this.#dir, 'env'), '');
    this.simulator = await Simulator.start();
    await writeFile(join(this.#dir, 'media-ca.pem'), this.simulator.media.caPem);
    this.database = await aTestDatabase();
    this.crm = new Crm(this.database.url, this.database.serviceRoleKey);
    await this.start();
  }

  /** Something that is closed after the gateway. */
  onClose(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    await this.stop();
    for (const close of this.#closers) await close();
    await this.database.close();
    await this.simulator.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Starts on the same data directory, database and WhatsApp as before. */
  async start(settings: Record<string, string> = {}): Promise<void> {
    const env = {
      NODE_ENV: 'test',
      PORT: '0',
      DATA_DIR: this.dataDir,
      LOG_DIR: join(this.#dir, 'logs'),
      SUPABASE_URL: this.database.url,
      SUPABASE_SERVICE_ROLE_KEY: this.database.serviceRoleKey,
      SUPABASE_JWT_SECRET: this.database.jwtSecret,
      WHATSAPP_WS_URL: this.simulator.wsUrl,
      WHATSAPP_NOISE_ROOT_KEY: this.simulator.noiseRootKeyHex,
      WHATSAPP_MEDIA_URL: this.simulator.media.url,
      WHATSAPP_MEDIA_CA: join(this.#dir, 'media-ca.pem'),
      // The database of the tests is a real one behind the Supabase API, without its storage.
      MEDIA_STORAGE: 'disk',
      // Pinned, so that nothing asks the network for the current one.
      WHATSAPP_VERSION: '2.3000.1035194821',
      MAX_CONNECTIONS: '100',
      SEND_RATE_PER_MINUTE: '100000',
      HTTP_RATE_PER_MINUTE: '1000000',
      HTTP_CONNECTION_RATE_PER_MINUTE: '1000000',
      RECONNECT_DELAY_MS: '20',
      ...this.settings,
      ...settings,
    };
    const config = loadConfig(env, { envFile: join(this.#dir, 'env') });
    if (this.logs) this.#log = createLog({ dir: config.logDir, level: config.logLevel, console: false });
    this.#gateway = await createGateway(config, { log: this.#log ?? silentLog });
    await this.#gateway.start();
    this.http = new HttpClient(this.#gateway.parts.http.address().url);
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
    await this.#log?.close();
    this.#gateway = null;
    this.#log = null;
  }

  async restart(settings: Record<string, string> = {}): Promise<void> {
    await this.stop();
    await this.start(settings);
  }

  /** As on another machine: a new data directory on the same database. */
  async forgetEverything(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
    await this.start();
  }

  async connection(id: string): Promise<ConnectionResource> {
    const { body } = await this.http.get<{ data: ConnectionResource }>(`${CONNECTIONS}/${id}`);
    return body.data;
  }

  untilEstado(id: string, estado: string): Promise<unknown> {
    return until(`${id} to be ${estado}`, async () => (await this.connection(id)).estado === estado);
  }

  async qr(id: string): Promise<QrResource> {
    const { body } = await this.http.get<QrResource>(`${CONNECTIONS}/${id}/qr`);
    return body;
  }

  /** Makes a connection over HTTP and has a new phone scan its QR code. */
  async aPairedConnection(
    id = `loja-${++counter}`,
    more: Record<string, unknown> = {},
    phone = this.simulator.createPhone({ number: aNumber(), name: 'Loja' }),
  ): Promise<PairedConnection> {
    await this.http.post(CONNECTIONS, { connectionId: id, ...more });
    // Not by the route: under jest its PNG takes longer than everything else here.
    const companion = await phone.scan(await this.#nextQr(id));
    await this.untilEstado(id, 'ready');
    return { id, phone, companion };
  }

  #nextQr(id: string): Promise<string> {
    return until(`the QR of ${id}`, () => this.parts.pool.get(id)?.qr?.code);
  }

  aCustomer(options: Partial<ContactOptions> = {}): Contact {
    return this.simulator.createContact({ number: aNumber(), name: 'Ana', ...options });
  }

  send(connectionId: string, body: Record<string, unknown>, headers?: Record<string, string>, query = '') {
    return this.http.post<{ message: SentMessageResource }>(SEND + query, { connectionId, ...body }, headers);
  }
}

/** A gateway for all tests of the file; closed, and looked at for what it left open, after the last one. */
export function aGateway(settings: Record<string, string> = {}, { logs = false } = {}): TestGateway {
  const gateway = new TestGateway(settings, logs);
  const assertClosed = leakGuard();
  beforeAll(() => gateway.open(), 60_000);
  afterAll(async () => {
    await gateway.close();
    await assertClosed();
  }, 30_000);
  return gateway;
}

/** `422 NOT_ON_WHATSAPP`: what an answer is, in one line. */
export function verdict({ status, body }: Answer<unknown>): string {
  return body?.error ? `${status} ${body.error.code}` : String(status);
}
