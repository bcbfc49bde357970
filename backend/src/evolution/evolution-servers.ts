import { Agent, type Dispatcher } from 'undici';
import type { AddressPolicy } from '../egress/address-policy.js';
import { guardedAgent } from '../egress/guarded-agent.js';
import type { EvolutionHome } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import { withoutTrailing } from '../lib/text.js';
import type { CircuitState } from './circuit.js';
import { EvolutionServer } from './evolution-server.js';

export interface EvolutionServersDeps {
  /** EVOLUTION_API_URL and EVOLUTION_API_KEY; null = connections must name their own. */
  url: string | null;
  apiKey: string | null;
  policy: AddressPolicy;
  clock: Clock;
  /** EVOLUTION_CIRCUIT_RESET_MS. */
  circuitResetMs: number;
}

/** A server and the key that its instance is reached with. */
export interface RemoteAccess {
  server: EvolutionServer;
  apiKey: string;
}

/** In a row, until a server is left alone. */
const CIRCUIT_FAILURES = 5;
const TIMEOUTS = { connectTimeoutMs: 10_000, headersTimeoutMs: 30_000, bodyTimeoutMs: 30_000, connections: 32 };

/**
 * The servers that connections live on, one circuit breaker each. The server of the settings is the operator's choice, on
 * whatever address; one that a caller of the API names is reached as every host that users name (src/egress), and the
 * settings' key never goes there.
 */
export class EvolutionServers {
  readonly #servers = new Map<string, EvolutionServer>();
  readonly #own: Agent;
  readonly #guarded: Agent;

  constructor(private readonly deps: EvolutionServersDeps) {
    const { connectTimeoutMs: timeout, headersTimeoutMs: headersTimeout, bodyTimeoutMs: bodyTimeout } = TIMEOUTS;
    this.#own = new Agent({ connect: { timeout }, headersTimeout, bodyTimeout, connections: TIMEOUTS.connections });
    this.#guarded = guardedAgent({ policy: deps.policy, ...TIMEOUTS });
  }

  /** Whether this connection has a server that can be called. */
  has(home: EvolutionHome): boolean {
    return (home.url !== null && home.apiKey !== null) || (this.deps.url !== null && this.deps.apiKey !== null);
  }

  /** @throws GatewayError `REMOTE_NOT_CONFIGURED` */
  of(home: EvolutionHome): RemoteAccess {
    if (home.url !== null && home.apiKey !== null) {
      return { server: this.#serverAt(home.url, this.#guarded), apiKey: home.apiKey };
    }
    const { url, apiKey } = this.deps;
    if (url === null || apiKey === null) throw new GatewayError('REMOTE_NOT_CONFIGURED');
    return { server: this.#serverAt(url, this.#own), apiKey };
  }

  /** Of each server that was called: its breaker. */
  states(): { url: string; circuit: CircuitState }[] {
    return [...this.#servers.values()].map(({ url, circuit }) => ({ url, circuit }));
  }

  async close(): Promise<void> {
    for (const server of this.#servers.values()) server.close();
    await Promise.all([this.#own.destroy(), this.#guarded.destroy()]);
  }

  /** The same URL by a caller and in the settings are two: the caller's is guarded. */
  #serverAt(base: string, dispatcher: Dispatcher): EvolutionServer {
    const url = withoutTrailing(base, '/');
    const name = `${dispatcher === this.#own ? 'own' : 'guarded'} ${url}`;
    const { clock, circuitResetMs: resetMs } = this.deps;
    const circuit = { failures: CIRCUIT_FAILURES, resetMs };
    const server = this.#servers.get(name) ?? new EvolutionServer({ circuit, url, dispatcher, clock });
    this.#servers.set(name, server);
    return server;
  }
}
