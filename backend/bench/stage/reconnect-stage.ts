import { join } from 'node:path';
import { ApiClient } from '../../src/demo/api-client.js';
import type { GatewayApi } from '../gateway-process.js';
import type { SimulatorApi } from '../simulator-process.js';
import { pair } from './contestants.js';
import { NODE_FLAGS } from './daemon.js';
import type { ExternalPostgres } from './external-postgres.js';
import { Remote } from './remote.js';

const POLL_MS = 20;

/** A gateway with many paired connections against the simulator, each in a process of its own. */
export class ReconnectStage {
  #gateway: Remote<GatewayApi> | null = null;
  #api: ApiClient | null = null;

  constructor(
    private readonly simulator: Remote<SimulatorApi>,
    private readonly postgres: ExternalPostgres,
    private readonly dir: string,
    readonly phones: string[],
  ) {}

  get gateway(): Remote<GatewayApi> {
    if (!this.#gateway) throw new Error('the gateway is not started');
    return this.#gateway;
  }

  /** Starts the gateway on what the data directory holds; returns when the process says so. */
  async start(): Promise<void> {
    this.#gateway = new Remote<GatewayApi>(
      new URL('../gateway-process.ts', import.meta.url),
      [],
      [...NODE_FLAGS, '--expose-gc'],
    );
    const { url } = await this.#gateway.call('start', await this.settings());
    this.#api = new ApiClient(url);
  }

  /** What the gateway is started with. */
  async settings(): Promise<Record<string, string>> {
    const { wsUrl, noiseRootKey } = await this.simulator.call('address');
    return {
      PORT: '0',
      SUPABASE_LOCAL_PORT: '0',
      DATABASE_URL: this.postgres.url,
      // Each contestant has a data directory of its own on the one database.
      START_WITHOUT_JOURNAL: 'true',
      DATA_DIR: join(this.dir, 'sessions'),
      LOG_DIR: join(this.dir, 'logs'),
      WHATSAPP_WS_URL: wsUrl,
      WHATSAPP_NOISE_ROOT_KEY: noiseRootKey,
      WHATSAPP_VERSION: '2.3000.1035194821',
      MAX_CONNECTIONS: '300',
      HTTP_RATE_PER_MINUTE: '10000000',
    };
  }

  async pairAll(): Promise<void> {
    for (const phone of this.phones) await pair(this.#api!, this.simulator, phone);
  }

  /** Ends it in order; can be called twice. */
  async stop(): Promise<void> {
    await this.#gateway?.stop();
    this.#gateway = null;
  }

  /** Resolves when so many connections are in that state. @returns ms that it took */
  async until(estado: string, count = this.phones.length, deadlineMs = 120_000): Promise<number> {
    return this.untilTrue(`${count} ${estado}`, deadlineMs, async () => {
      const estados = await this.gateway.call('estados');
      return (estados[estado] ?? 0) >= count;
    });
  }

  /** Resolves when each account has logged in once more than `before` and all are ready. @returns ms that it took */
  async untilBack(before: number[], deadlineMs = 120_000): Promise<number> {
    return this.untilTrue('all to be back', deadlineMs, async () => {
      const now = await this.logins();
      if (!now.every((count, index) => count > before[index]!)) return false;
      return ((await this.gateway.call('estados'))['ready'] ?? 0) >= this.phones.length;
    });
  }

  /** New sockets for all that nobody closed: otherwise the next close is the second in a row, and waits. */
  forgetTries(): Promise<void> {
    return this.gateway.call('forceReconnects', 1);
  }

  logins(): Promise<number[]> {
    return this.simulator.call('logins', this.phones);
  }

  async untilTrue(what: string, deadlineMs: number, ask: () => Promise<boolean>): Promise<number> {
    const startedAt = performance.now();
    while (!(await ask())) {
      if (performance.now() - startedAt > deadlineMs) {
        const estados = this.#gateway ? JSON.stringify(await this.gateway.call('estados')) : 'no gateway';
        throw new Error(`waited ${deadlineMs} ms in vain for ${what}: ${estados}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return performance.now() - startedAt;
  }
}
