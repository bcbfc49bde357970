import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { GatewayError } from '../../lib/errors.js';
import type { Access } from '../route.js';
import { isLocalCaller } from './local-caller.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** From the headers alone: a key in a URL ends up in histories and proxy logs. */
function presentedKey(req: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(req.get('authorization') ?? '');
  return bearer?.[1] ?? req.get('x-api-key');
}

/**
 * Says who calls, and refuses nobody yet: the rate limit comes in between. `res.locals.caller` is `root` with the key,
 * `anonymous` while no key is set, else null. Digests are compared, so that neither length nor content leak by time.
 */
export function identify(apiKey: string | null): RequestHandler {
  const expected = apiKey === null ? null : digest(apiKey);
  return (req, res, next) => {
    const key = presentedKey(req);
    const isRoot = expected !== null && key !== undefined && timingSafeEqual(digest(key), expected);
    res.locals['caller'] = expected === null ? 'anonymous' : isRoot ? 'root' : null;
    next();
  };
}

export function callerOf(res: Response): string | null {
  return (res.locals['caller'] as string | null | undefined) ?? null;
}

/** @throws GatewayError `UNAUTHORIZED` (with `WWW-Authenticate`) when the caller may not come in. */
export function requireAccess(access: Access): RequestHandler {
  return (req, res, next) => {
    const open = access === 'public' || (access === 'docs' && isLocalCaller(req));
    if (open || callerOf(res) !== null) return next();
    res.setHeader('WWW-Authenticate', 'Bearer realm="sentinela"');
    throw new GatewayError('UNAUTHORIZED', 'Send the API key as "Authorization: Bearer <key>" or "x-api-key: <key>".');
  };
}
