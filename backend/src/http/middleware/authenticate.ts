import type { Request, RequestHandler, Response } from 'express';
import { ANONYMOUS, type Identity } from '../../access/identity.js';
import { GatewayError } from '../../lib/errors.js';
import type { AccessPort } from '../ports.js';
import type { Access } from '../route.js';
import { isFromCrossSite, isLocalCaller } from './local-caller.js';

/** From the headers alone: a key in a URL ends up in histories and proxy logs. */
function presentedKey(req: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(req.get('authorization') ?? '');
  return bearer?.[1] ?? req.get('x-api-key');
}

/** Says who calls (`callerOf`), and refuses nobody yet: the rate limit comes in between. */
export function identify(access: Pick<AccessPort, 'identify'>): RequestHandler {
  return async (req, res, next) => {
    const key = presentedKey(req);
    // How clients of Evolution API say it: it opens its routes, and no others.
    const evolutionKey = key === undefined ? req.get('apikey') : undefined;
    res.locals['caller'] = await access.identify(key ?? evolutionKey);
    if (evolutionKey !== undefined) res.locals['withoutEvolutionKey'] = { caller: await access.identify(undefined) };
    next();
  };
}

/** From here on the caller is who they are without the header `apikey`. */
function forgetEvolutionKey(res: Response): void {
  const without = res.locals['withoutEvolutionKey'] as { caller: Identity | null } | undefined;
  if (without) res.locals['caller'] = without.caller;
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

/** Whether the caller may do what this access asks for, whatever route they came by. */
export function mayAccess(access: Access, res: Response): boolean {
  const caller = callerOf(res);
  return caller !== null && MAY[access](caller.grants);
}

/** The same for whoever may not. */
const NEEDED: Record<Access, string> = {
  public: 'nothing',
  docs: 'a key with "read"',
  read: 'a key with "read"',
  send: 'a key with "send"',
  manage: 'a key with "manage"',
  root: 'the root key (API_KEY)',
};

/**
 * @param takesApikey whether the route is one of Evolution API's
 * @throws GatewayError `FORBIDDEN_HOST` for pages of other sites without a key, `UNAUTHORIZED` for strangers, `FORBIDDEN` for who may do less
 */
export function assertAccess(access: Access, req: Request, res: Response, takesApikey = false): void {
  if (!takesApikey) forgetEvolutionKey(res);
  const caller = callerOf(res);
  const isLocal = isLocalCaller(req) && !isFromCrossSite(res);
  if (access === 'public' || (access === 'docs' && isLocal)) return;
  if (caller?.name === ANONYMOUS.name && isFromCrossSite(res)) {
    throw new GatewayError('FORBIDDEN_HOST', 'Without API_KEY pages of other sites are not served.');
  }
  if (caller === null) {
    res.setHeader('WWW-Authenticate', 'Bearer realm="sentinela"');
    const evolution = takesApikey ? '"apikey: <key>", ' : '';
    throw new GatewayError(
      'UNAUTHORIZED',
      `Send the API key as ${evolution}"Authorization: Bearer <key>" or "x-api-key: <key>".`,
    );
  }
  if (!MAY[access](caller.grants)) throw new GatewayError('FORBIDDEN', `This needs ${NEEDED[access]}.`);
}

/** The same as a middleware, for what is not in the route table. */
export function requireAccess(access: Access): RequestHandler {
  return (req, res, next) => {
    assertAccess(access, req, res);
    next();
  };
}
