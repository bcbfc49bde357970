import type { Socket } from 'node:net';
import cors from 'cors';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { GatewayConfig } from '../config/gateway-config.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { accessLog } from './middleware/access-log.js';
import { answerErrors } from './middleware/answer-errors.js';
import { identify } from './middleware/authenticate.js';
import { localCallersOnly, noteCrossSite } from './middleware/local-caller.js';
import { rateLimit } from './middleware/rate-limit.js';
import { requestId } from './middleware/request-id.js';
import { mountDocs } from './mount-docs.js';
import { mountRoutes } from './mount-routes.js';
import { UploadQuota } from './upload-quota.js';
import { ConnectionLimit } from './connection-limit.js';
import { evolutionRoutes } from './evolution/evolution-routes.js';
import type { ChatSearch } from '../integration/chat-search.js';
import type {
  AccessPort,
  AtendimentosPort,
  BootstrapPort,
  IntegrationPort,
  MetricsPort,
  RobotPort,
  WatchdogPort,
  WebhooksPort,
} from './ports.js';
import type { EvolutionWebhooksPort } from './evolution-port.js';
import type { ScheduledPort, TemplatesPort } from './schedule-ports.js';
import type { MediaPort } from './media-port.js';
import type { PeoplePorts } from './people-ports.js';
import type { ClientsPort, InstancesPort, NotifyPort } from './pool-ports.js';
import type { Route } from './route.js';
import { apiKeyRoutes } from './routes/api-keys.js';
import { atendimentoActionRoutes } from './routes/atendimento-actions.js';
import { atendimentoRoutes } from './routes/atendimentos.js';
import { auditRoutes } from './routes/audit.js';
import { chatRoutes } from './routes/chats.js';
import { bootstrapRoutes } from './routes/bootstrap.js';
import { deadLetterRoutes } from './routes/dead-letters.js';
import { clientRoutes } from './routes/clients.js';
import { connectionRoutes } from './routes/connections.js';
import { evolutionWebhookRoutes } from './routes/evolution-webhooks.js';
import { healthRoutes } from './routes/health.js';
import { instanceRoutes } from './routes/instances.js';
import { mediaRoutes } from './routes/media.js';
import { messageRoutes } from './routes/messages.js';
import { operationsRoutes } from './routes/operations.js';
import { peopleRoutes } from './routes/people.js';
import { robotRoutes } from './routes/robot.js';
import { scheduledRoutes } from './routes/scheduled.js';
import { templateRoutes } from './routes/templates.js';
import { watchdogRoutes } from './routes/watchdog.js';
import { webhookRoutes } from './routes/webhooks.js';

export interface HttpAppDeps extends PeoplePorts {
  config: Pick<GatewayConfig, 'http' | 'quotas'>;
  log: Log;
  /** Told of TCP connections whose caller has shown a key. */
  proven?: (socket: Socket) => void;
  integration: IntegrationPort;
  bootstrap: BootstrapPort;
  atendimentos: AtendimentosPort;
  robot: RobotPort;
  metrics: MetricsPort;
  watchdog: WatchdogPort;
  access: AccessPort;
  webhooks: WebhooksPort;
  evolutionWebhooks: EvolutionWebhooksPort;
  scheduled: ScheduledPort;
  templates: TemplatesPort;
  chats: ChatSearch;
  media: MediaPort;
  clients: ClientsPort;
  instances: InstancesPort;
  notify: NotifyPort;
}

/** Every route of the gateway, as one table. */
export function allRoutes(deps: Omit<HttpAppDeps, 'config' | 'log' | 'proven'>): Route[] {
  return [
    ...healthRoutes(deps.bootstrap),
    ...bootstrapRoutes(deps.bootstrap),
    ...operationsRoutes(deps),
    ...watchdogRoutes(deps.watchdog),
    ...deadLetterRoutes(deps.bootstrap),
    ...apiKeyRoutes(deps.access),
    ...auditRoutes(deps.access),
    ...connectionRoutes(deps.integration),
    ...messageRoutes(deps.integration),
    ...mediaRoutes(deps.media),
    ...chatRoutes(deps.integration),
    ...peopleRoutes(deps),
    ...robotRoutes(deps.robot),
    ...atendimentoRoutes(deps.atendimentos),
    ...atendimentoActionRoutes(deps.atendimentos),
    ...webhookRoutes(deps.webhooks),
    ...evolutionWebhookRoutes(deps.evolutionWebhooks),
    ...scheduledRoutes(deps.scheduled, deps.integration),
    ...templateRoutes(deps.templates),
    ...evolutionRoutes({ ...deps, keys: deps.access.keys }),
    ...clientRoutes(deps.clients, deps.integration),
    ...instanceRoutes(deps.instances, deps.notify),
  ];
}

/** The express app: who may come in, how often, with what; then the route table; every failure as the envelope. */
export function createHttpApp(deps: HttpAppDeps): Express {
  const { apiKey, corsOrigins, ratePerMinute, connectionRatePerMinute } = deps.config.http;
  const routes = allRoutes(deps);
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(requestId, accessLog(deps.log), securityHeaders, noStore);
  if (apiKey === null) app.use(localCallersOnly(corsOrigins));
  app.use(noteCrossSite(corsOrigins), crossOrigin(corsOrigins), identify(deps.access), rateLimit(ratePerMinute));
  const connectionLimit = new ConnectionLimit(connectionRatePerMinute);
  const uploadQuota = new UploadQuota(deps.config.quotas);
  const { access: audit, proven = () => undefined } = deps;
  app.use(mountRoutes(routes, { audit, connectionLimit, uploadQuota, proven }), mountDocs(routes));
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
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'x-api-key', 'apikey', 'Content-Type', 'Idempotency-Key', 'X-Request-Id'],
    exposedHeaders: ['X-Request-Id', 'Retry-After', 'Idempotent-Replayed'],
    maxAge: 600,
  });
}
