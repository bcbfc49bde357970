import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Router, type Request, type Response } from 'express';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import { nameRoute } from './middleware/access-log.js';
import { RETRY_AFTER_S } from './middleware/answer-errors.js';
import { callerOf, requireAccess } from './middleware/authenticate.js';
import { jsonBody } from './middleware/json-body.js';
import { multipartBody } from './middleware/multipart-body.js';
import type { Caller, RawInput, Reply, Route } from './route.js';

const DEADLINE_MS = 30_000;
/** A reader that takes nothing for so long is gone. */
const READER_IDLE_MS = 60_000;
/** Whoever calls a public route without a key: owns nothing, so a route that asks for rows finds none. */
const STRANGER = { name: 'stranger', scope: { ownerId: '00000000-0000-0000-0000-000000000000', companyIds: [] } };

/** Puts the table on a router: each row under its method, and for each path an answer to all other methods. */
export function mountRoutes(routes: Route[]): Router {
  const router = Router();
  for (const row of routes) {
    const body = [...(row.upload ? [multipartBody(row.upload)] : []), ...jsonBody(row.maxJson)];
    router[row.method](row.path, nameRoute(row.path), requireAccess(row.access), ...body, async (req, res) => {
      const work = row.run(rawInput(row, req), callerFor(req, res));
      await sendReply(res, await withDeadline(work, row.deadlineMs ?? DEADLINE_MS, row.operationId));
    });
  }
  for (const [path, methods] of methodsByPath(routes)) {
    router.all(path, nameRoute(path), (_req, res) => {
      res.setHeader('Allow', methods.join(', '));
      throw new GatewayError('METHOD_NOT_ALLOWED', `This route takes ${methods.join(', ')}.`);
    });
  }
  return router;
}

function methodsByPath(routes: Route[]): Map<string, string[]> {
  const byPath = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const methods = method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()];
    byPath.set(path, [...(byPath.get(path) ?? []), ...methods]);
  }
  return byPath;
}

function rawInput(row: Route, req: Request): RawInput {
  const headers = Object.keys(row.input.headers?.shape ?? {}).map((name) => [name, req.get(name)]);
  return { params: req.params, query: req.query, headers: Object.fromEntries(headers), body: req.body as unknown };
}

function callerFor(req: Request, res: Response): Caller {
  const { name, scope } = callerOf(res) ?? STRANGER;
  return {
    name,
    scope,
    prefers: (types) => req.accepts([...types]) || null,
    upload: res.locals['upload'] as unknown,
  };
}

async function sendReply(res: Response, reply: Reply): Promise<void> {
  res.status(reply.status).set(reply.headers ?? {});
  if (reply.status === 503) res.setHeader('Retry-After', RETRY_AFTER_S);
  if (reply.body instanceof Readable) await stream(res, reply.body, reply.type);
  else if (reply.type !== undefined) res.type(reply.type).send(reply.body);
  else res.json(reply.body);
}

/** As fast as the reader takes it; whoever breaks off, the other end is closed, too. */
async function stream(res: Response, body: Readable, type = 'application/octet-stream'): Promise<void> {
  // Not `res.type`: it would add a charset to what has none.
  res.setHeader('Content-Type', type);
  res.setTimeout(READER_IDLE_MS, () => res.destroy());
  try {
    await pipeline(body, res);
  } catch (error) {
    // The reader went away: there is nobody to tell.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
