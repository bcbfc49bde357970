import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit as expressRateLimit } from 'express-rate-limit';
import { GatewayError } from '../../lib/errors.js';
import { callerOf } from './authenticate.js';

/**
 * At most `perMinute` requests per key (or what the key itself says), and per address for whoever has none: a stranger
 * who floods cannot use up the share of those who have a key. Probes are not counted.
 */
export function rateLimit(perMinute: number): RequestHandler {
  return expressRateLimit({
    windowMs: 60_000,
    limit: (_req, res) => callerOf(res)?.ratePerMinute ?? perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    skip: (req) => req.path.startsWith('/health/'),
    keyGenerator: (req, res) => callerOf(res)?.name ?? `ip:${ipKeyGenerator(req.ip ?? '')}`,
    handler: (_req, res, next) => {
      const own = callerOf(res)?.ratePerMinute ?? null;
      const text = `At most ${own ?? perMinute} requests a minute (${own === null ? 'HTTP_RATE_PER_MINUTE' : 'ratePerMinute of the key'}).`;
      next(new GatewayError('RATE_LIMITED', text));
    },
    // Its warnings go to the console, and none fits: no proxy is trusted, and the address of a key's owner is not used.
    validate: false,
  });
}
