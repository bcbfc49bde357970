import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.js';
import { forbiddenDestination } from './forbidden-destination.js';
import { guardedLookup, type Resolve } from './guarded-lookup.js';

export interface GuardedAgentOptions {
  policy: AddressPolicy;
  connectTimeoutMs: number;
  /** From the end of the request to the end of the answer's headers. */
  headersTimeoutMs: number;
  /** Between two pieces of the answer's body. */
  bodyTimeoutMs: number;
  /** Sockets per origin. */
  connections: number;
  /** For tests; else `dns.lookup`. */
  resolve?: Resolve;
}

/**
 * The way to hosts that users name: hand it to undici's `request` or `fetch` as `dispatcher`. Every connection that it
 * makes was allowed by the policy at the moment of connecting, whatever the URL looked like, whoever redirected there, and
 * whatever the name resolved to before. It follows no redirect by itself, and knows no proxy. Its owner closes it.
 * @returns requests through it reject with GatewayError `FORBIDDEN_DESTINATION` before any packet is sent
 */
export function guardedAgent(options: GuardedAgentOptions): Agent {
  const { policy } = options;
  const lookup = guardedLookup(policy, options.resolve);
  const connectPlain = buildConnector({ timeout: options.connectTimeoutMs, lookup });
  // A socket asks no lookup when its host is an address already.
  const connect: buildConnector.connector = (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    const refusal = isIP(host) === 0 ? null : policy.refusal(host);
    if (refusal === null) connectPlain(target, callback);
    else callback(forbiddenDestination(host, refusal), null);
  };
  return new Agent({
    connect,
    connections: options.connections,
    headersTimeout: options.headersTimeoutMs,
    bodyTimeout: options.bodyTimeoutMs,
    maxRedirections: 0,
    pipelining: 1,
  });
}
