import type { ProxyRecord } from '../journal/records.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { adviceFor } from '../whatsapp/advice.js';
import type { Proxies } from '../whatsapp/proxies.js';
import type { ProxyInput, ProxyResource } from './resources.js';

/** Stands for a secret in every answer; sent back, it keeps the secret. */
const HIDDEN = '***';

/** A proxy as the API shows it: never its password. */
export function presentProxy(proxy: ProxyRecord | null | undefined): ProxyResource | null {
  return proxy ? { ...proxy, password: proxy.password === null ? null : HIDDEN } : null;
}

/**
 * The record of a proxy that somebody asks for. At the same host and port, credentials that are not given stay; at
 * another one a stored password is never used, or whoever may change the host could have it sent to their own.
 * @throws GatewayError `BAD_REQUEST` when there is no password to keep, `JOURNAL_FAILED`
 */
export async function proxyRecord(
  proxies: Proxies,
  connectionId: string,
  input: ProxyInput,
  before: ProxyRecord | null | undefined,
): Promise<ProxyRecord> {
  const { protocol, host, port } = input;
  const kept = before?.host === host && before.port === port ? before : null;
  const username = input.username === undefined ? (kept?.username ?? null) : input.username;
  const base = { protocol, host, port, username };
  if (input.password === HIDDEN && (kept?.password ?? null) === null) {
    throw new GatewayError('BAD_REQUEST', 'proxy.password must be given again: none is stored for this host and port', {
      details: { field: 'proxy.password' },
    });
  }
  if (username === null || input.password === null) return { ...base, password: null };
  if (input.password === undefined || input.password === HIDDEN) return { ...base, password: kept?.password ?? null };
  return { ...base, password: await proxies.seal(connectionId, input.password) };
}

/** Connects to WhatsApp through it. @throws GatewayError as `openTunnel`, with advice in its details */
export async function checkProxy(proxies: Proxies, connectionId: string, proxy: ProxyRecord): Promise<void> {
  try {
    await proxies.check(connectionId, proxy);
  } catch (error) {
    if (!isGatewayError(error, 'PROXY_REFUSED') && !isGatewayError(error, 'PROXY_UNREACHABLE')) throw error;
    const conselho = adviceFor('reconnecting', error.code);
    throw new GatewayError(error.code, error.message, { details: { ...(error.details as object), conselho } });
  }
}

/** @throws GatewayError `WRONG_DRIVER`: the socket of such a connection is its server's. */
export function refuseRemoteProxy(): never {
  throw new GatewayError(
    'WRONG_DRIVER',
    'proxy is only for driver baileys: set the proxy of this connection at its Evolution server.',
    { details: { field: 'proxy' } },
  );
}
