import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import { ByteBudget } from '../../lib/byte-budget.js';
import { GatewayError } from '../../lib/errors.js';
import { callerOf } from './authenticate.js';

const MB = 1024 * 1024;
/** Bodies that are being read or worked on at once. */
const OF_ALL_BYTES = 256 * MB;
const OF_ONE_CALLER_BYTES = 96 * MB;
/** Nothing to count: thousands of such requests fit. */
const SMALL_BYTES = 64 * 1024;

/** Bounds the memory that JSON bodies take at once, by caller and in all: what does not fit is refused before it is read. */
export class BodyRoom {
  readonly #all = new ByteBudget(OF_ALL_BYTES);
  readonly #byCaller = new Map<string, ByteBudget>();

  /** @param limit the largest body of the route, in bytes: what a body without a known length counts for */
  take(limit: number): RequestHandler {
    return (req, res, next) => {
      const bytes = mostBytes(req.headers, limit);
      // Too large a body is refused by its parser, which says so better.
      if (!(bytes > SMALL_BYTES) || bytes > limit || req.body !== undefined) return next();
      const name = callerOf(res)?.name ?? 'stranger';
      const own = this.#byCaller.get(name) ?? new ByteBudget(OF_ONE_CALLER_BYTES);
      const shares = [own.share(), this.#all.share()];
      const release = () => {
        for (const share of shares) share.release();
        if (own.used === 0) this.#byCaller.delete(name);
      };
      if (!shares.every((share) => share.add(bytes))) {
        release();
        throw new GatewayError('RATE_LIMITED', 'Too many large bodies at once.', { details: { retryAfterS: 1 } });
      }
      this.#byCaller.set(name, own);
      res.once('close', release);
      next();
    };
  }
}

/** Deflate's best: 1032 bytes out of one. */
const DEFLATE_RATIO = 1032;

/** What a body may be in memory, packed ones unpacked; no more than the parser lets through. */
function mostBytes(headers: IncomingHttpHeaders, limit: number): number {
  const { 'transfer-encoding': chunked, 'content-encoding': encoding = 'identity' } = headers;
  const length = Number(headers['content-length'] ?? 0);
  if (chunked !== undefined || encoding === 'br') return limit;
  return encoding === 'identity' ? length : Math.min(limit, length * DEFLATE_RATIO);
}
