import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { GatewayError } from '../../lib/errors.js';
import { hostNameOf, isLoopback } from '../../lib/loopback.js';

/** Headers that proxies, load balancers, tunnels and CDNs add, and programs on this machine do not. */
const FORWARDED = new Set([
  ...['via', 'forwarded', 'forwarded-for', 'client-ip', 'true-client-ip', 'cdn-loop', 'x-real-ip', 'x-real-port'],
  ...['x-client-ip', 'x-cluster-client-ip', 'x-proxyuser-ip', 'proxy-client-ip', 'wl-proxy-client-ip', 'x-amz-cf-id'],
  ...['x-host', 'x-proto', 'x-scheme', 'x-url-scheme', 'x-remote-ip', 'x-remote-addr'],
]);
const FORWARDED_PREFIXES = [
  ...['x-forwarded', 'x-original-', 'x-real-', 'x-envoy-', 'x-azure-', 'x-appengine-', 'x-arr-', 'x-vercel-'],
  ...['x-nginx-', 'x-tunnel-', 'cf-', 'fly-', 'fastly-', 'ngrok-', 'tailscale-'],
];

function isForwarding(header: string): boolean {
  return FORWARDED.has(header) || FORWARDED_PREFIXES.some((prefix) => header.startsWith(prefix));
}

function comesFromLoopback(req: IncomingMessage): boolean {
  const address = req.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const host = hostNameOf(req.headers.host);
  return isLoopback(address) && host !== null && isLoopback(host);
}

/**
 * Whether a proxy has passed this request on: its header, the version that nginx speaks unless told otherwise, or a target
 * that only proxies are sent. One that hides all of this cannot be told from a program on this machine.
 */
function comesThroughProxy({ headers, httpVersion, url = '/' }: IncomingMessage): boolean {
  return httpVersion < '1.1' || !url.startsWith('/') || Object.keys(headers).some(isForwarding);
}

/** A program on this machine, and not a proxy that speaks for somebody else. */
export function isLocalCaller(req: IncomingMessage): boolean {
  return comesFromLoopback(req) && !comesThroughProxy(req);
}

/** Whether the page that sends this request may: it is ours, it is allowed by CORS_ORIGIN, or it is no page at all. */
function isAllowedOrigin({ headers: { origin, host } }: IncomingMessage, allowed: readonly string[]): boolean {
  const own = origin === `http://${host}` || origin === `https://${host}`;
  return origin === undefined || own || allowed.includes(origin) || allowed.includes('*');
}

/** A page of another site, which sends no Origin with a GET for a picture, a script or a link; browsers say it here. */
function isCrossSite(req: IncomingMessage, allowed: readonly string[]): boolean {
  if (req.headers['sec-fetch-site'] !== 'cross-site') return false;
  return req.headers.origin === undefined || !isAllowedOrigin(req, allowed);
}

/**
 * While no key is set, this is what keeps strangers out. A web page in the operator's browser can point its own name at
 * 127.0.0.1 (DNS rebinding): then the Host header has that name. Or it can post across origins: then Origin tells.
 * @returns what is wrong; null = nothing
 */
function strangerProblem(req: IncomingMessage, allowedOrigins: readonly string[]): string | null {
  if (!comesFromLoopback(req)) return 'Without API_KEY only localhost is served.';
  // A proxy on this machine would make the whole world look local.
  if (comesThroughProxy(req)) return 'Without API_KEY nothing is served through a proxy: set API_KEY.';
  return isAllowedOrigin(req, allowedOrigins) ? null : 'This Origin is not in CORS_ORIGIN.';
}

/** @throws GatewayError `FORBIDDEN_HOST` */
export function localCallersOnly(allowedOrigins: readonly string[]): RequestHandler {
  return (req, _res, next) => {
    const problem = strangerProblem(req, allowedOrigins);
    if (problem !== null) throw new GatewayError('FORBIDDEN_HOST', problem);
    next();
  };
}

/** Remembers for {@link isFromCrossSite}; refusing is for the routes, some of which pictures on pages are meant to reach. */
export function noteCrossSite(allowedOrigins: readonly string[]): RequestHandler {
  return (req, res, next) => {
    res.locals['crossSite'] = isCrossSite(req, allowedOrigins);
    next();
  };
}

/** Whether a page of another site makes the browser send this, which proves nothing about its user. */
export function isFromCrossSite(res: Response): boolean {
  return res.locals['crossSite'] === true;
}

/** The same for WebSockets, which no CORS header protects: with a key, too, a page must be allowed. */
export function socketProblem({ apiKey, corsOrigins }: { apiKey: string | null; corsOrigins: readonly string[] }) {
  return (req: IncomingMessage): string | null => {
    const problem = apiKey === null ? strangerProblem(req, corsOrigins) : null;
    if (problem !== null) return problem;
    if (isCrossSite(req, corsOrigins)) return 'A page of another site must send its Origin, and be in CORS_ORIGIN.';
    return isAllowedOrigin(req, corsOrigins) ? null : 'This Origin is not in CORS_ORIGIN.';
  };
}
