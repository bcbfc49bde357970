import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import { GatewayError } from '../../lib/errors.js';
import type { BodyRoom } from './body-room.js';

const MAX_BODY = '1mb';

const hasBody: (headers: NodeJS.Dict<string | string[]>) => boolean = (headers) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** JSON and nothing else: a form or plain text could be posted by any web page without asking first. */
const jsonOnly: RequestHandler = (req, _res, next) => {
  // A form that was taken before has left nothing to read.
  if (req.body === undefined && hasBody(req.headers) && !req.is('application/json'))
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE');
  next();
};

/** Before it is decoded: afterwards a byte that is no UTF-8 is a U+FFFD like any other. */
function assertUtf8(_req: unknown, _res: unknown, body: Buffer): void {
  if (!isUtf8(body)) throw Object.assign(new Error('the body is not UTF-8'), { type: 'entity.not.utf8' });
}

/**
 * Packed bodies are unpacked up to the limit and not a byte further: a few bytes of gzip can be gigabytes.
 * @param room what bodies of this caller and of all may take of the memory
 * @param limit 1 MB unless a route needs more
 */
export function jsonBody(room: BodyRoom, limit = MAX_BODY): RequestHandler[] {
  return [jsonOnly, room.take(Number.parseInt(limit, 10) * 1024 * 1024), express.json({ limit, verify: assertUtf8 })];
}
