import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { ANONYMOUS, ROOT, type Identity } from '../../access/identity.js';
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
 * Says who calls (`callerOf`), and refuses nobody yet: the rate limit comes in between. Digests are compared, so that
 * neither length nor content leak by time.
 */
export function identify(apiKey: string | null): RequestHandler {
  const expected = apiKey === null ? null : digest(apiKey);
  return (req, res, next) => {
    const key = presentedKey(req);
    const isRoot = expected !== null && key !== undefined && timingSafeEqual(digest(key), expected);
    res.locals['caller'] = expected === null ? ANONYMOUS : isRoot ? ROOT : null;
    next();
  };
}

/** Who calls; null = nobody we know. */
export function callerOf(res: Response): Identity | null {
  return (res.locals['caller'] as Identity | null | undefined) ?? null;
}

/** What each access asks of a caller who is known. */
const MAY: Record<Access, (grants: Identity['grants']) => boolean> = {
  public: () => true,
  docs: (grants) => grants === 'root' || grants.has('read'),
  read: (grants) => grants === 'root' || grants.has('read'),
  send: (grants) => grants === 'root' || grants.has('send'),
  manage: (grants) => grants === 'root' || grants.has('manage'),
  root: (grants) => grants === 'root',
};

/** @throws GatewayError `UNAUTHORIZED` (with `WWW-Authenticate`) for strangers, `FORBIDDEN` for who may do less. */
export function requireAccess(access: Access): RequestHandler {
  return (req, res, next) => {
    const open = access === 'public' || (access === 'docs' && isLocalCaller(req));
    const caller = callerOf(res);
    if (open || (caller !== null && MAY[access](caller.grants))) return next();
    if (caller !== null) throw new GatewayError('FORBIDDEN', `This needs a key with "${access}".`);
    res.setHeader('WWW-Authenticate', 'Bearer realm="sentinela"');
    throw new GatewayError('UNAUTHORIZED', 'Send the API key as "Authorization: Bearer <key>" or "x-api-key: <key>".');
  };
}
