import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

/** Every answer has an `X-Request-Id`: the caller's own when it is a plain one, else a new UUID. Log lines carry it. */
export const requestId: RequestHandler = (req, res, next) => {
  const given = req.get('X-Request-Id');
  const id = given !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
  res.locals['requestId'] = id;
  res.setHeader('X-Request-Id', id);
  next();
};
