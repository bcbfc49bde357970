import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { AddressPolicy } from './address-policy.js';
import { forbiddenDestination } from './forbidden-destination.js';
import { guardedLookup, type Resolve } from './guarded-lookup.js';

/** A proxy as it is connected to, its password readable. */
export interface Proxy {
  protocol: 'http' | 'https' | 'socks5';
  /** A name or an address, without brackets. */
  host: string;
  port: number;
  username: string | null;
  password: string | null;
}

/** The end of a tunnel. Names are resolved by the proxy. */
export interface TunnelTarget {
  host: string;
  port: number;
}

export interface TunnelDeps {
  /** Judges the proxy's address, not the target's: that is never a user's choice. */
  policy: AddressPolicy;
  /** For the whole way, up to the proxy's consent. */
  timeoutMs: number;
  /** For tests; else `dns.lookup`. */
  resolve?: Resolve | undefined;
  /** PEM of the authority that signs an `https` proxy's certificate; else the system's. */
  ca?: string | undefined;
}

/**
 * Opens a TCP connection to `target` through a proxy. There is no way around it: whatever fails, nothing is connected.
 * Errors carry no cause, since those of the SOCKS client name the password.
 * @throws GatewayError `PROXY_UNREACHABLE` (not reached, or it does not reach the target), `PROXY_REFUSED` (wrong
 *   credentials, or it does not allow this target), `FORBIDDEN_DESTINATION` (the proxy's address, by the egress guard)
 */
export async function openTunnel(proxy: Proxy, target: TunnelTarget, deps: TunnelDeps): Promise<Socket> {
  const refusal = isIP(proxy.host) === 0 ? null : deps.policy.refusal(proxy.host);
  if (refusal !== null) throw forbiddenDestination(proxy.host, refusal);
  const abort = new AbortController();
  const open = proxy.protocol === 'socks5' ? throughSocks : throughConnect;
  try {
    return await withDeadline(open(proxy, target, deps, abort.signal), deps.timeoutMs, 'the proxy');
  } catch (error) {
    abort.abort();
    if (isGatewayError(error) && error.code !== 'DEADLINE_EXCEEDED') throw error;
    throw unreachable(proxy, isGatewayError(error) ? 'it does not answer' : reasonOf(error));
  }
}

function throughConnect(proxy: Proxy, target: TunnelTarget, deps: TunnelDeps, signal: AbortSignal): Promise<Socket> {
  const authority = `${isIP(target.host) === 6 ? `[${target.host}]` : target.host}:${target.port}`;
  const request = proxy.protocol === 'https' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const asked = request({
      method: 'CONNECT',
      host: proxy.host,
      port: proxy.port,
      path: authority,
      headers: { host: authority, ...authorization(proxy) },
      agent: false,
      lookup: guardedLookup(deps.policy, deps.resolve),
      signal,
      ...(deps.ca === undefined ? {} : { ca: deps.ca }),
    });
    asked.once('connect', (answer: IncomingMessage, socket: Socket, head: Buffer) => {
      if (signal.aborted || answer.statusCode !== 200) {
        socket.destroy();
        return reject(refused(proxy, answer.statusCode ?? 0));
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    // A server that is no proxy answers CONNECT like any request, or with an error.
    asked.once('response', (answer) => {
      answer.destroy();
      reject(refused(proxy, answer.statusCode ?? 0));
    });
    asked.once('error', reject);
    asked.end();
  });
}

async function throughSocks(
  proxy: Proxy,
  target: TunnelTarget,
  deps: TunnelDeps,
  signal: AbortSignal,
): Promise<Socket> {
  const lookup = guardedLookup(deps.policy, deps.resolve);
  const socket = connect({ host: proxy.host, port: proxy.port, lookup, signal });
  const lateError = () => undefined;
  socket.on('error', lateError);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const { host, port, username, password } = proxy;
  const login = username === null ? {} : { userId: username, password: password ?? '' };
  try {
    await SocksClient.createConnection({
      proxy: { host, port, type: 5, ...login },
      command: 'connect',
      destination: target,
      existing_socket: socket,
      timeout: deps.timeoutMs,
    });
  } catch (error) {
    socket.destroy();
    if (SOCKS_REFUSALS.test(reasonOf(error))) throw notAllowed(proxy, reasonOf(error));
    throw error;
  }
  socket.off('error', lateError);
  return socket;
}

/** As `socks` 2.8 words them (common/constants.js). */
const SOCKS_REFUSALS = /authentication failed|no accepted authentication type|NotAllowed/i;

function authorization({ username, password }: Proxy): Record<string, string> {
  if (username === null) return {};
  const pair = Buffer.from(`${username}:${password ?? ''}`, 'utf8').toString('base64');
  return { 'proxy-authorization': `Basic ${pair}` };
}

function refused(proxy: Proxy, status: number): GatewayError {
  if (status >= 400 && status < 500) return notAllowed(proxy, `HTTP ${status}`);
  return unreachable(proxy, `HTTP ${status}`);
}

function notAllowed(proxy: Proxy, reason: string): GatewayError {
  return new GatewayError('PROXY_REFUSED', `The proxy ${nameOf(proxy)} refuses: ${reason}.`, {
    details: { proxy: nameOf(proxy), reason },
  });
}

function unreachable(proxy: Proxy, reason: string): GatewayError {
  return new GatewayError('PROXY_UNREACHABLE', `WhatsApp is not reached through ${nameOf(proxy)}: ${reason}.`, {
    details: { proxy: nameOf(proxy), reason },
  });
}

/** Never with its credentials. */
function nameOf({ protocol, host, port }: Proxy): string {
  return `${protocol}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message ?? error);
}
