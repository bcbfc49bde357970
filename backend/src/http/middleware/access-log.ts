import type { RequestHandler } from 'express';
import type { Log } from '../../lib/log.js';

/** One line a request: the route's pattern, never the URL (it may hold numbers), no bodies. Probes only at debug. */
export function accessLog(log: Log): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    res.once('close', () => {
      const route = (res.locals['route'] as string | undefined) ?? 'unknown';
      const line = {
        requestId: res.locals['requestId'] as string,
        method: req.method,
        route,
        status: res.statusCode,
        ms: Math.round(performance.now() - startedAt),
        // The caller went away before the answer was out.
        ...(res.writableFinished ? {} : { aborted: true }),
      };
      if (route.startsWith('/health/')) log.debug('request', line);
      else log.info('request', line);
    });
    next();
  };
}

/** Tells the access log which pattern has matched. */
export function nameRoute(pattern: string): RequestHandler {
  return (_req, res, next) => {
    res.locals['route'] = pattern;
    next();
  };
}
