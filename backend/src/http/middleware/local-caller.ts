import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { GatewayError } from '../../lib/errors.js';
import { hostNameOf, isLoopback } from '../../lib/loopback.js';

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

function comesFromLoopback(req: IncomingMessage): boolean {
  const address = req.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const host = hostNameOf(req.headers.host);
  return isLoopback(address) && host !== null && isLoopback(host);
}

/** A program on this machine, and not a proxy that speaks for somebody else. */
export function isLocalCaller(req: IncomingMessage): boolean {
  return comesFromLoopback(req) && FORWARDED.every((name) => req.headers[name] === undefined);
}

/** Whether the page that sends this request may: it is ours, it is allowed by CORS_ORIGIN, or it is no page at all. */
function isAllowedOrigin({ headers: { origin, host } }: IncomingMessage, allowed: readonly string[]): boolean {
  const own = origin === `http://${host}` || origin === `https://${host}`;
  return origin === undefined || own || allowed.includes(origin) || allowed.includes('*');
}

/**
 * While no key is set, this is what keeps strangers out. A web page in the operator's browser can point its own name at
 * 127.0.0.1 (DNS rebinding): then the Host header has that name. Or it can post across origins: then Origin tells.
 * @returns what is wrong; null = nothing
 */
function strangerProblem(req: IncomingMessage, allowedOrigins: readonly string[]): string | null {
  // A proxy on this machine would make the whole world look local.
  if (!isLocalCaller(req)) return 'Without API_KEY only localhost is served.';
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

/** The same for WebSockets, which no CORS header protects: with a key, too, a page must be allowed. */
export function socketProblem({ apiKey, corsOrigins }: { apiKey: string | null; corsOrigins: readonly string[] }) {
  return (req: IncomingMessage): string | null => {
    if (apiKey === null) return strangerProblem(req, corsOrigins);
    return isAllowedOrigin(req, corsOrigins) ? null : 'This Origin is not in CORS_ORIGIN.';
  };
}
