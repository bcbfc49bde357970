import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit as expressRateLimit } from 'express-rate-limit';
import { GatewayError } from '../../lib/errors.js';
import { callerOf } from './authenticate.js';

/**
 * At most `perMinute` requests per key, and per address for whoever has none: a stranger who floods cannot use up the
 * share of those who have the key. Probes are not counted.
 */
export function rateLimit(perMinute: number): RequestHandler {
  return expressRateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    skip: (req) => req.path.startsWith('/health/'),
    keyGenerator: (req, res) => callerOf(res)?.name ?? `ip:${ipKeyGenerator(req.ip ?? '')}`,
    handler: (_req, _res, next) => {
      next(new GatewayError('RATE_LIMITED', `At most ${perMinute} requests a minute (HTTP_RATE_PER_MINUTE).`));
    },
    // Its warnings go to the console, and none fits: no proxy is trusted, and the address of a key's owner is not used.
    validate: false,
  });
}
