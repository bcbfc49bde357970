import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import { auditFact, isAudited, outcomeOf } from './audit-fact.js';
import { connectionOf, type ConnectionLimit } from './connection-limit.js';
import { nameRoute } from './middleware/access-log.js';
import { RETRY_AFTER_S, shapeErrors } from './middleware/answer-errors.js';
import { assertAccess, callerOf, mayAccess } from './middleware/authenticate.js';
import { BodyRoom } from './middleware/body-room.js';
import { jsonBody } from './middleware/json-body.js';
import type { UploadQuota } from './upload-quota.js';
import { multipartBody } from './middleware/multipart-body.js';
import type { AccessPort } from './ports.js';
import type { Caller, RawInput, Reply, Route } from './route.js';

const DEADLINE_MS = 30_000;
/** Whoever calls a public route without a key: owns nothing, so a route that asks for rows finds none. */
const STRANGER = { name: 'stranger', scope: { ownerId: '00000000-0000-0000-0000-000000000000', companyIds: [] } };
/** How long a stream may stand still, because of a caller who does not read or of a page that does not come. */
const STREAM_IDLE_MS = 60_000;

export interface MountDeps {
  audit: Pick<AccessPort, 'record'>;
  connectionLimit: ConnectionLimit;
  proven: (socket: Socket) => void;
  uploadQuota: UploadQuota;
}

/** Puts the table on a router: each row under its method, and for each path an answer to all other methods. */
export function mountRoutes(routes: Route[], deps: MountDeps): Router {
  const router = Router();
  const room = new BodyRoom();
  const admitUpload = deps.uploadQuota.admit((res) => callerOf(res)?.scope);
  for (const row of routes) {
    const body = [...(row.upload ? [admitUpload, multipartBody(row.upload)] : []), ...jsonBody(room, row.maxJson)];
    router[row.method](row.path, nameRoute(row.path), shapeErrors(row), guard(row, deps), ...body, handler(row, deps));
  }
  for (const [path, rows] of rowsByPath(routes)) {
    const methods = rows.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
    router.all(path, nameRoute(path), shapeErrors(rows[0]!), (_req, res) => {
      res.setHeader('Allow', methods.join(', '));
      throw new GatewayError('METHOD_NOT_ALLOWED', `This route takes ${methods.join(', ')}.`);
    });
  }
  return router;
}

/** Before the body is read: who may not call, or calls too often, costs no more than this. */
function guard(row: Route, deps: MountDeps): RequestHandler {
  return async (req, res, next) => {
    await audited(row, deps, req, res, async () => {
      assertAccess(row.access, req, res, row.errorShape === 'evolution');
      assertUtf8Query(req);
      await row.admit?.(rawInput(row, req));
    });
    if (callerOf(res) !== null || row.admit) deps.proven(req.socket);
    next();
  };
}

function handler(row: Route, deps: MountDeps): RequestHandler {
  return async (req, res) => {
    const raw = rawInput(row, req);
    const patience = new AbortController();
    res.once('close', () => patience.abort());
    const caller = callerFor(req, res, patience.signal);
    deps.connectionLimit.count(connectionOf(row, raw), caller);
    const limitMs = row.deadlineMs ?? DEADLINE_MS;
    const work = () => withDeadline(row.run(raw, caller), limitMs, row.operationId).finally(() => patience.abort());
    const reply = await audited(row, deps, req, res, work);
    // A link of ours was right: reading a film takes its time.
    if (reply.body instanceof Readable) deps.proven(req.socket);
    await sendReply(res, reply);
  };
}

/** Does the work; how it ended is on the disk before the caller hears of it. */
async function audited<T extends Reply | void>(
  row: Route,
  { audit }: MountDeps,
  req: Request,
  res: Response,
  work: () => Promise<T>,
): Promise<T> {
  const record = (outcome: ReturnType<typeof outcomeOf>): Promise<void> | void => {
    if (isAudited(row, res)) return audit.record({ ...auditFact(row, req, res, rawInput(row, req)), ...outcome });
  };
  try {
    const reply = await work();
    // The guard lets through without an answer of its own.
    if (reply) await record({ status: reply.status, error: null });
    return reply;
  } catch (error) {
    await record(outcomeOf(error));
    throw error;
  }
}

/** Its parser would put U+FFFD where bytes are no UTF-8. */
function assertUtf8Query({ url }: Request): void {
  const query = url.slice(url.indexOf('?') + 1);
  try {
    if (query.length < url.length && query.includes('%'))
      decodeURIComponent(query.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    throw new GatewayError('BAD_REQUEST', 'The query is not UTF-8: percent-encode its text as UTF-8.');
  }
}

function rowsByPath(routes: Route[]): Map<string, Route[]> {
  const byPath = new Map<string, Route[]>();
  for (const row of routes) byPath.set(row.path, [...(byPath.get(row.path) ?? []), row]);
  return byPath;
}

function rawInput(row: Route, req: Request): RawInput {
  const headers = Object.keys(row.input.headers?.shape ?? {}).map((name) => [name, req.get(name)]);
  return { params: req.params, query: req.query, headers: Object.fromEntries(headers), body: req.body as unknown };
}

function callerFor(req: Request, res: Response, signal: AbortSignal): Caller {
  const { name, scope } = callerOf(res) ?? STRANGER;
  return {
    name,
    scope,
    mayManage: mayAccess('manage', res),
    prefers: (types) => req.accepts([...types]) || null,
    upload: res.locals['upload'] as unknown,
    signal,
  };
}

async function sendReply(res: Response, reply: Reply): Promise<void> {
  res.status(reply.status).set(reply.headers ?? {});
  if (reply.status === 503) res.setHeader('Retry-After', RETRY_AFTER_S);
  if (reply.body instanceof Readable) await sendStream(res, reply.body, reply.type);
  else if (reply.type !== undefined) res.type(reply.type).send(reply.body);
  else res.json(reply.body);
}

/** As fast as the caller reads. A failure in the middle cuts the connection, so that half an answer is no whole one. */
async function sendStream(res: Response, body: Readable, type = 'application/octet-stream'): Promise<void> {
  // Not `res.type`: it would add a charset to what has none.
  res.setHeader('Content-Type', type);
  res.setTimeout(STREAM_IDLE_MS, () => res.destroy());
  try {
    await pipeline(body, res);
  } catch (error) {
    // The caller went away: the access log says so.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
