import { join } from 'node:path';
import { Pool } from 'undici';
import { ApiClient } from '../../src/demo/api-client.js';
import type { BareApi } from '../bare-process.js';
import type { GatewayApi } from '../gateway-process.js';
import type { SimulatorApi } from '../simulator-process.js';
import { NODE_FLAGS } from './daemon.js';
import type { ExternalPostgres } from './external-postgres.js';
import { Remote } from './remote.js';
import { commitTimes } from './rows.js';
import { cpuMsOfChildren, type Usage } from './usage.js';

/** Everything used so far on behalf of a contestant. */
export interface TotalUsage extends Usage {
  /** Of all of Postgres' processes; 0 for who has none. */
  postgresCpuMs: number;
  /** Durable LMDB transactions; null for who has no journal. */
  flushes: number | null;
}

/** What became of a burst. */
export interface Settled {
  /** When the contestant was through with the last message, ms since the epoch. */
  endedAt: number;
  /** Messages that it has, as it counts them: events for bare Baileys, rows for the gateway. */
  have: number;
}

/** One way of talking to WhatsApp, in a process of its own, with accounts of its own. */
export interface Contestant {
  readonly name: string;
  /** The accounts' numbers. */
  readonly phones: string[];
  connect(): Promise<void>;
  /** Waits for what was receipted at `receiptedAt` to have arrived. */
  settle(ids: string[], receiptedAt: number): Promise<Settled>;
  /** `messages` per account in all, one at a time per customer. */
  send(
    to: { number: string; jid: string }[],
    messages: number,
    label: string,
  ): Promise<{ elapsedMs: number; took: number[] }>;
  usage(): Promise<TotalUsage>;
  stop(): Promise<void>;
}

export type SimulatorRemote = Remote<SimulatorApi>;

function scanQrs(remote: { on: Remote<BareApi>['on'] }, simulator: SimulatorRemote): void {
  const seen = new Set<string>();
  remote.on<{ number: string; qr: string }>('qr', ({ number, qr }) => {
    if (seen.has(number)) return;
    seen.add(number);
    void simulator.call('scan', number, qr);
  });
}

/** Baileys alone. Its messages are in an event listener's hands at best: nothing is on disk or in a database. */
export class BareContestant implements Contestant {
  readonly #remote: Remote<BareApi>;
  #expected = 0;

  /** @param keys `memory`, or a directory for `useMultiFileAuthState` */
  constructor(
    readonly name: string,
    readonly phones: string[],
    private readonly simulator: SimulatorRemote,
    keys: string,
  ) {
    this.#remote = new Remote<BareApi>(new URL('../bare-process.ts', import.meta.url), [keys]);
    scanQrs(this.#remote, simulator);
  }

  async connect(): Promise<void> {
    await this.#remote.call('connect', { ...(await this.simulator.call('address')), numbers: this.phones });
  }

  /** Opens all of its sockets anew at once. @returns ms until the last one is open */
  restore(): Promise<number> {
    return this.#remote.call('restore');
  }

  /** Logins of each connection so far. */
  opens(): Promise<number[]> {
    return this.#remote.call('opens');
  }

  async settle(ids: string[], receiptedAt: number): Promise<Settled> {
    this.#expected += ids.length;
    const before = this.#expected - ids.length;
    const deadline = Date.now() + 30_000;
    let have = await this.#remote.call('received');
    while (have < this.#expected && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      have = await this.#remote.call('received');
    }
    this.#expected = have;
    return { endedAt: receiptedAt, have: have - before };
  }

  send(to: { jid: string }[], messages: number, label: string) {
    return this.#remote.call('send', { to: to.map(({ jid }) => jid), messages, label });
  }

  async usage(): Promise<TotalUsage> {
    return { ...(await this.#remote.call('usage')), postgresCpuMs: 0, flushes: null };
  }

  stop(): Promise<void> {
    return this.#remote.stop();
  }
}

/** The gateway over an external Postgres: a message counts when its row is committed. */
export class GatewayContestant implements Contestant {
  readonly name = 'gateway';
  readonly remote: Remote<GatewayApi>;
  #api!: ApiClient;
  /** The requests' client shares the CPUs with what is measured: kept-alive connections and nothing else. */
  #sends!: Pool;

  constructor(
    readonly phones: string[],
    private readonly simulator: SimulatorRemote,
    private readonly postgres: ExternalPostgres,
    private readonly dir: string,
    /** Settings beside those of every benchmark. */
    private readonly more: Record<string, string> = {},
  ) {
    this.remote = new Remote<GatewayApi>(new URL('../gateway-process.ts', import.meta.url), [], NODE_FLAGS);
  }

  async connect(): Promise<void> {
    const { wsUrl, noiseRootKey } = await this.simulator.call('address');
    const { url } = await this.remote.call('start', {
      PORT: '0',
      SUPABASE_LOCAL_PORT: '0',
      DATABASE_URL: this.postgres.url,
      // Each contestant has a data directory of its own on the one database.
      START_WITHOUT_JOURNAL: 'true',
      DATA_DIR: join(this.dir, 'sessions'),
      LOG_DIR: join(this.dir, 'logs'),
      WHATSAPP_WS_URL: wsUrl,
      WHATSAPP_NOISE_ROOT_KEY: noiseRootKey,
      MAX_CONNECTIONS: '50',
      HTTP_RATE_PER_MINUTE: '10000000',
      HTTP_CONNECTION_RATE_PER_MINUTE: '10000000',
      SEND_RATE_PER_MINUTE: '10000000',
      ...this.more,
    });
    this.#api = new ApiClient(url);
    this.#sends = new Pool(url, { connections: 100, headersTimeout: 20_000 });
    for (const phone of this.phones) await pair(this.#api, this.simulator, phone);
  }

  /** Of its HTTP API. */
  get url(): string {
    return this.#api.baseUrl;
  }

  async settle(ids: string[]): Promise<Settled> {
    await this.remote.call('projected');
    const times = await this.commitTimes(ids);
    return { endedAt: Math.max(...times.values()), have: times.size };
  }

  commitTimes(ids: string[]): Promise<Map<string, number>> {
    return commitTimes(this.postgres.sql, ids);
  }

  async send(to: { number: string }[], messages: number, label: string) {
    const took: number[] = [];
    const startedAt = performance.now();
    const lanes = this.phones.flatMap((phone) =>
      to.map(async ({ number }, lane) => {
        for (let index = lane; index < messages; index += to.length) {
          const at = performance.now();
          const body = { connectionId: phone, to: number, content: `${label} ${index + 1}`, type: 'text' };
          await this.#sendOne(body);
          took.push(performance.now() - at);
        }
      }),
    );
    await Promise.all(lanes);
    const elapsedMs = performance.now() - startedAt;
    await this.remote.call('projected');
    return { elapsedMs, took };
  }

  /** Resolves when the answer says that WhatsApp has accepted it. */
  async #sendOne(body: object): Promise<void> {
    const answer = await this.#sends.request({
      method: 'POST',
      path: '/api/whatsapp-integration/messages/send',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 201) throw new Error(`a send was not acknowledged: ${answer.statusCode} ${text}`);
  }

  async usage(): Promise<TotalUsage> {
    const { flushes } = await this.remote.call('stats');
    return { ...(await this.remote.call('usage')), postgresCpuMs: cpuMsOfChildren(this.postgres.pid), flushes };
  }

  async stop(): Promise<void> {
    await this.#sends?.destroy();
    await this.remote.stop();
  }
}

/** Creates a connection, shows its QR to the simulated phone of the same number, and waits until it is ready. */
export async function pair(api: ApiClient, simulator: SimulatorRemote, phone: string): Promise<void> {
  const base = '/api/whatsapp-integration/connections';
  await api.post(base, { connectionId: phone, name: phone });
  const { code } = await api.get<{ code: string }>(`${base}/${phone}/qr`);
  await simulator.call('scan', phone, code);
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { data } = await api.get<{ data: { estado: string } }>(`${base}/${phone}`);
    if (data.estado === 'ready') return;
    if (Date.now() > deadline) throw new Error(`${phone} is ${data.estado} after 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
