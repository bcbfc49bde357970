import cors from 'cors';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { GatewayConfig } from '../config/gateway-config.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { accessLog } from './middleware/access-log.js';
import { answerErrors } from './middleware/answer-errors.js';
import { identify } from './middleware/authenticate.js';
import { localCallersOnly } from './middleware/local-caller.js';
import { rateLimit } from './middleware/rate-limit.js';
import { requestId } from './middleware/request-id.js';
import { mountDocs } from './mount-docs.js';
import { mountRoutes } from './mount-routes.js';
import type { BootstrapPort, IntegrationPort } from './ports.js';
import type { Route } from './route.js';
import { chatRoutes } from './routes/chats.js';
import { bootstrapRoutes } from './routes/bootstrap.js';
import { deadLetterRoutes } from './routes/dead-letters.js';
import { connectionRoutes } from './routes/connections.js';
import { healthRoutes } from './routes/health.js';
import { mediaRoutes } from './routes/media.js';
import { messageRoutes } from './routes/messages.js';

export interface HttpAppDeps {
  config: Pick<GatewayConfig, 'http'>;
  log: Log;
  integration: IntegrationPort;
  bootstrap: BootstrapPort;
}

/** Every route of the gateway, as one table. */
export function allRoutes(deps: Pick<HttpAppDeps, 'integration' | 'bootstrap'>): Route[] {
  return [
    ...healthRoutes(deps.bootstrap),
    ...bootstrapRoutes(deps.bootstrap),
    ...deadLetterRoutes(deps.bootstrap),
    ...connectionRoutes(deps.integration),
    ...messageRoutes(deps.integration),
    ...mediaRoutes(deps.integration),
    ...chatRoutes(deps.integration),
  ];
}

/** The express app: who may come in, how often, with what; then the route table; every failure as the envelope. */
export function createHttpApp(deps: HttpAppDeps): Express {
  const { apiKey, corsOrigins, ratePerMinute } = deps.config.http;
  const routes = allRoutes(deps);
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(requestId, accessLog(deps.log), securityHeaders, noStore);
  if (apiKey === null) app.use(localCallersOnly(corsOrigins));
  app.use(crossOrigin(corsOrigins), identify(apiKey), rateLimit(ratePerMinute));
  app.use(mountRoutes(routes), mountDocs(routes));
  app.use(() => {
    throw new GatewayError('ROUTE_NOT_FOUND', 'There is no such route: see /docs.');
  });
  app.use(answerErrors(deps.log));
  return app;
}

/** TLS ends in front of us, so what forces a browser onto https is for whoever ends it to say. */
const securityHeaders = helmet({
  strictTransportSecurity: false,
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
});

/** Conversations, QR codes and pairing codes have no business in a cache. */
const noStore: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  next();
};

function crossOrigin(origins: readonly string[]) {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'POST', 'DELETE'],
    allowedHeaders: ['Authorization', 'x-api-key', 'Content-Type', 'Idempotency-Key', 'X-Request-Id'],
    exposedHeaders: ['X-Request-Id', 'Retry-After', 'Idempotent-Replayed'],
    maxAge: 600,
  });
}
