import type { Request, RequestHandler } from 'express';
import { isLoopback } from '../../config/rules.js';
import { GatewayError } from '../../lib/errors.js';

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/** The host of a Host header or an Origin, without port and brackets; null when there is none or it is no host. */
function hostNameOf(host: string | undefined): string | null {
  if (!host || !URL.canParse(`http://${host}`)) return null;
  return new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '');
}

function comesFromLoopback(req: Request): boolean {
  const address = req.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const host = hostNameOf(req.get('host'));
  return isLoopback(address) && host !== null && isLoopback(host);
}

/** A program on this machine, and not a proxy that speaks for somebody else. */
export function isLocalCaller(req: Request): boolean {
  return comesFromLoopback(req) && FORWARDED.every((name) => req.get(name) === undefined);
}

/**
 * While no key is set, this is what keeps strangers out. A web page in the operator's browser can point its own name at
 * 127.0.0.1 (DNS rebinding): then the Host header has that name. Or it can post across origins: then Origin tells.
 * @throws GatewayError `FORBIDDEN_HOST`
 */
export function localCallersOnly(allowedOrigins: readonly string[]): RequestHandler {
  return (req, _res, next) => {
    // A proxy on this machine would make the whole world look local.
    if (!isLocalCaller(req)) throw new GatewayError('FORBIDDEN_HOST', 'Without API_KEY only localhost is served.');
    const origin = req.get('origin');
    const sameOrigin = origin === `http://${req.get('host')}`;
    if (origin !== undefined && !sameOrigin && !allowedOrigins.includes(origin))
      throw new GatewayError('FORBIDDEN_HOST', 'This Origin is not in CORS_ORIGIN.');
    next();
  };
}
