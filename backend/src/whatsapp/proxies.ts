import { DEFAULT_CONNECTION_CONFIG } from '@whiskeysockets/baileys';
import type { AddressPolicy } from '../egress/address-policy.js';
import { ProxyRoute } from '../egress/proxy-route.js';
import type { ConnectionRecord, ProxyRecord } from '../journal/records.js';
import type { SecretBox } from '../journal/secret-box.js';
import { GatewayError } from '../lib/errors.js';

export interface ProxiesDeps {
  secrets: SecretBox;
  policy: AddressPolicy;
  /** The WebSocket of WhatsApp, to which a proxy must lead; null = Meta's. */
  webSocketUrl: string | null;
  /** PEM of the authority of the media servers; null = the system's. */
  mediaCa: string | null;
  timeoutMs?: number;
}

type Proxied = Pick<ConnectionRecord, 'connectionId' | 'proxy'>;

const TIMEOUT_MS = 10_000;

/** The proxies of connections: one route for each that has one, made when it is first needed and again after a change. */
export class Proxies {
  readonly #routes = new Map<string, { of: string; route: ProxyRoute }>();

  constructor(private readonly deps: ProxiesDeps) {}

  /**
   * The route of a connection; null when it has no proxy.
   * @throws GatewayError `PROXY_REFUSED` when its password cannot be read any more: nothing goes around a proxy
   */
  routeOf({ connectionId, proxy }: Proxied): ProxyRoute | null {
    const known = this.#routes.get(connectionId);
    const of = JSON.stringify(proxy ?? null);
    if (known?.of === of) return known.route;
    if (known) void this.#drop(connectionId, known.route);
    if (!proxy) return null;
    const route = this.#route(connectionId, proxy);
    this.#routes.set(connectionId, { of, route });
    return route;
  }

  /** Connects to WhatsApp's host through it, once. @throws as `openTunnel` */
  async check(connectionId: string, proxy: ProxyRecord): Promise<void> {
    const route = this.#route(connectionId, proxy);
    try {
      await route.check();
    } finally {
      await route.close();
    }
  }

  /** The password as it is stored. @throws GatewayError `JOURNAL_FAILED` */
  seal(connectionId: string, password: string): Promise<string> {
    return this.deps.secrets.seal(password, about(connectionId));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#routes].map(([id, { route }]) => this.#drop(id, route)));
  }

  #drop(connectionId: string, route: ProxyRoute): Promise<void> {
    this.#routes.delete(connectionId);
    return route.close();
  }

  #route(connectionId: string, proxy: ProxyRecord): ProxyRoute {
    const { secrets, policy, mediaCa, timeoutMs = TIMEOUT_MS } = this.deps;
    const webSocketUrl = new URL(this.deps.webSocketUrl ?? DEFAULT_CONNECTION_CONFIG.waWebSocketUrl);
    const password = proxy.password === null ? null : secrets.open(proxy.password, about(connectionId));
    if (proxy.password !== null && password === null) {
      throw new GatewayError('PROXY_REFUSED', 'The stored password of the proxy cannot be read: set the proxy again.');
    }
    return new ProxyRoute({ ...proxy, password }, { policy, timeoutMs, webSocketUrl, mediaCa: mediaCa ?? undefined });
  }
}

function about(connectionId: string): string {
  return `proxy:${connectionId}`;
}
