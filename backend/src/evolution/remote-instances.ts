import { isGatewayError } from '../lib/errors.js';
import type { EvolutionConnection } from './evolution-connection.js';
import type { RemoteCall } from './evolution-server.js';
import type { EvolutionServers } from './evolution-servers.js';
import { webhookSubscription } from './webhook-subscription.js';

export interface RemoteInstancesDeps {
  servers: EvolutionServers;
  /** Where the server is to post its events. */
  webhookUrl: () => string;
  /** Ends what is asked when nobody waits for it any more. */
  signal: () => AbortSignal | undefined;
}

/**
 * What is asked of instances at their servers. All calls throw GatewayError `REMOTE_NOT_CONFIGURED`, `REMOTE_UNAVAILABLE`,
 * `REMOTE_REFUSED`, `FORBIDDEN_DESTINATION`.
 */
export class RemoteInstances {
  /** Connections whose webhook was pointed here since the start: our address may have been another one before. */
  readonly #pointed = new Set<string>();

  constructor(private readonly deps: RemoteInstancesDeps) {}

  /** What its server says of it (`open`, `connecting`, `close`); `gone` when it knows no such instance. */
  async stateOf(connection: EvolutionConnection): Promise<unknown> {
    const answer = await this.call(connection, 'GET', '/instance/connectionState/{i}').catch((error: unknown) => {
      if (statusOf(error) === 404) return { instance: { state: 'gone' } };
      throw error;
    });
    return (answer as { instance?: { state?: unknown } } | null)?.instance?.state;
  }

  /** The number that it is linked to, in digits; null when the server does not tell. */
  async numberOf(connection: EvolutionConnection): Promise<string | null> {
    const name = encodeURIComponent(connection.home.instance);
    const answer = await this.call(connection, 'GET', `/instance/fetchInstances?instanceName=${name}`);
    const [row] = (Array.isArray(answer) ? answer : [answer]) as ({ ownerJid?: unknown } | null)[];
    const owner = row?.ownerJid;
    return typeof owner === 'string' ? (/^(\d{5,20})@/.exec(owner)?.[1] ?? null) : null;
  }

  /** Makes it when it is not there, and points its webhook here; only what this gateway has made. */
  async ensure(connection: EvolutionConnection): Promise<void> {
    const { home } = connection;
    if (home.webhookSecret === null) return;
    if ((await this.stateOf(connection)) === 'gone') {
      const body = { instanceName: home.instance, integration: 'WHATSAPP-BAILEYS', qrcode: false };
      await this.call(connection, 'POST', '/instance/create', body).catch((error: unknown) => {
        // 403: the name is in use, by a request of ours whose answer was lost.
        if (statusOf(error) !== 403) throw error;
      });
    }
    await this.pointWebhook(connection);
  }

  /** One that was there before us has its webhook from whoever made it. */
  async pointWebhook(connection: EvolutionConnection): Promise<void> {
    const { home, connectionId } = connection;
    if (home.webhookSecret === null) return;
    const subscription = webhookSubscription(this.deps.webhookUrl(), home.webhookSecret);
    await this.call(connection, 'POST', '/webhook/set/{i}', subscription);
    this.#pointed.add(connectionId);
  }

  /** Whether its webhook was pointed to where this gateway is now. */
  pointsHere({ connectionId }: EvolutionConnection): boolean {
    return this.#pointed.has(connectionId);
  }

  /** The gateway stops: it may be somewhere else afterwards. */
  forgetAddress(): void {
    this.#pointed.clear();
  }

  /** @param path with `{i}` for the instance's name. @returns the parsed answer */
  call(connection: EvolutionConnection, method: RemoteCall['method'], path: string, body?: object): Promise<unknown> {
    const { server, apiKey } = this.deps.servers.of(connection.home);
    const named = path.replace('{i}', encodeURIComponent(connection.home.instance));
    const signal = this.deps.signal();
    return server.call({
      method,
      path: named,
      apiKey,
      repeatable: true,
      ...(body && { body }),
      ...(signal && { signal }),
    });
  }
}

/** The HTTP status with which a server has refused; null for every other failure. */
export function statusOf(error: unknown): number | null {
  const details = isGatewayError(error, 'REMOTE_REFUSED') ? (error.details as { status?: number }) : null;
  return details?.status ?? null;
}
