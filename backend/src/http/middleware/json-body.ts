import express, { type RequestHandler } from 'express';
import { GatewayError } from '../../lib/errors.js';

const MAX_BODY = '1mb';

const hasBody: (headers: NodeJS.Dict<string | string[]>) => boolean = (headers) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** JSON and nothing else: a form or plain text could be posted by any web page without asking first. */
const jsonOnly: RequestHandler = (req, _res, next) => {
  if (hasBody(req.headers) && !req.is('application/json')) throw new GatewayError('UNSUPPORTED_MEDIA_TYPE');
  next();
};

/** At most 1 MB, never unpacked (a few bytes of gzip can be gigabytes). */
export const jsonBody: RequestHandler[] = [jsonOnly, express.json({ limit: MAX_BODY, inflate: false })];
