import { isGatewayError } from '../lib/errors.js';

/**
 * Causes of a close that WhatsApp had no part in: its servers were not reached, something in between (a proxy, a load
 * balancer) answered the WebSocket upgrade, the connection's own proxy failed or refused, or the local disk took nothing.
 */
export type CloseCause = 'unreachable' | 'upgrade-refused' | 'proxy-unreachable' | 'proxy-refused' | 'disk';

/** A close that the gateway decides; `output` is the shape of Baileys' own errors (Boom). */
export class ServerError extends Error {
  readonly output: { statusCode: number };
  /** @param closeCause what the status code alone does not tell */
  constructor(
    message: string,
    statusCode: number,
    readonly closeCause: CloseCause | null = null,
  ) {
    super(message);
    this.name = 'ServerError';
    this.output = { statusCode };
  }
}

/** An HTTP answer instead of a WebSocket: 429 keeps its meaning, everything else is the network's "not now". */
export function upgradeRefused(status: number): ServerError {
  const message = `the WebSocket upgrade was answered with HTTP ${status}`;
  return status === 429 ? new ServerError(message, 429) : new ServerError(message, 503, 'upgrade-refused');
}

/** What a close is due to beside its code; null when WhatsApp or a person caused it. */
export function closeCause(error: unknown): CloseCause | null {
  if (error instanceof ServerError) return error.closeCause;
  // Baileys' mapWebSocketError (lib/Socket/socket.js): refused, not resolved, no route, a certificate that is not trusted.
  const { message, data } = (error ?? {}) as { message?: unknown; data?: unknown };
  if (typeof message !== 'string' || !message.startsWith('WebSocket Error') || !(data instanceof Error)) return null;
  return proxyCause(data) ?? 'unreachable';
}

/** A failure of the connection's own proxy; null for all others. */
export function proxyCause(error: unknown): CloseCause | null {
  if (!isGatewayError(error)) return null;
  if (error.code === 'PROXY_UNREACHABLE') return 'proxy-unreachable';
  // The address of the proxy is none that the operator allows (any more).
  return error.code === 'PROXY_REFUSED' || error.code === 'FORBIDDEN_DESTINATION' ? 'proxy-refused' : null;
}

/** Baileys' close errors are Booms: the code is `output.statusCode`. An error without one counts as 500. */
export function statusCode(error: unknown): number {
  const output = (error as { output?: { statusCode?: unknown } } | undefined)?.output;
  return typeof output?.statusCode === 'number' ? output.statusCode : 500;
}

/** `<failure reason="402" expire="seconds">`: when a temporary ban ends, ms since the epoch; null when it is not said. */
export function banEnd(error: unknown, now: number): number | null {
  const expire = (error as { data?: { expire?: unknown } } | undefined)?.data?.expire;
  const seconds = Number(expire);
  return expire !== undefined && Number.isFinite(seconds) ? now + seconds * 1000 : null;
}
