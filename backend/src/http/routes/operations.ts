import { z } from 'zod';
import type { BootstrapPort, MetricsPort } from '../ports.js';
import { ok, route, type Access, type Route } from '../route.js';
import { orphansReply } from '../schemas/bootstrap.js';

const ACCESS: Record<MetricsPort['access'], Access> = { local: 'docs', key: 'read', public: 'public' };

/** For whoever runs the gateway: figures for Prometheus, and what will be cleaned away. */
export function operationsRoutes(parts: { bootstrap: Pick<BootstrapPort, 'orphans'>; metrics: MetricsPort }): Route[] {
  const { bootstrap, metrics } = parts;
  return [
    route({
      method: 'get',
      path: '/metrics',
      operationId: 'getMetrics',
      tag: 'health',
      summary: "Figures in Prometheus' text format",
      access: ACCESS[metrics.access],
      input: {},
      replies: { 200: { description: 'Every metric.', schema: z.string(), media: ['text/plain'] } },
      errors: ['JOURNAL_FAILED'],
      handle: async () => ({ status: 200, body: await metrics.render(), type: metrics.contentType }),
    }),
    route({
      method: 'get',
      path: '/api/whatsapp-bootstrap/orphans',
      operationId: 'listOrphans',
      tag: 'bootstrap',
      summary: 'Connections without credentials, and credentials without a connection, that will be removed',
      access: 'root',
      input: {},
      replies: { 200: { description: 'What the last look (every hour) has found.', schema: orphansReply } },
      errors: ['FORBIDDEN'],
      handle: () => ok({ data: bootstrap.orphans() }),
    }),
  ];
}
