import type { BootstrapPort } from '../ports.js';
import { ok, route, type Caller, type Reply, type Route } from '../route.js';
import * as schema from '../schemas/bootstrap.js';

const BASE = '/api/whatsapp-bootstrap';
const facts = { tag: 'bootstrap', input: {}, errors: ['SERVICES_STOPPED'] } as const;
/** A start applies migrations and may unpack a database. */
const START_DEADLINE_MS = 90_000;

/** Start, look at, test and restart the services. */
export function bootstrapRoutes(bootstrap: BootstrapPort): Route[] {
  const status = async (caller: Caller): Promise<Reply> => ok(await bootstrap.status(caller.scope));
  const statusReplies = { 200: { description: 'State of each service.', schema: schema.statusReply } };
  return [
    route({
      ...facts,
      errors: ['SERVICES_STOPPED', 'DATABASE_UNAVAILABLE', 'SCHEMA_OUTDATED', 'DEADLINE_EXCEEDED'],
      method: 'post',
      access: 'root',
      path: `${BASE}/initialize`,
      operationId: 'initialize',
      summary: 'Start all services that do not run',
      deadlineMs: START_DEADLINE_MS,
      replies: statusReplies,
      handle: (_input, caller) => bootstrap.initialize().then(() => status(caller)),
    }),
    route({
      ...facts,
      errors: ['SERVICES_STOPPED', 'DATABASE_UNAVAILABLE', 'SCHEMA_OUTDATED', 'DEADLINE_EXCEEDED'],
      method: 'post',
      access: 'root',
      path: `${BASE}/restart`,
      operationId: 'restart',
      summary: 'Stop and start all services in order',
      deadlineMs: START_DEADLINE_MS,
      replies: statusReplies,
      handle: (_input, caller) => bootstrap.restart().then(() => status(caller)),
    }),
    route({
      ...facts,
      errors: [],
      method: 'get',
      access: 'read',
      path: `${BASE}/status`,
      operationId: 'getStatus',
      summary: 'State of each service',
      replies: statusReplies,
      handle: (_input, caller) => status(caller),
    }),
    route({
      ...facts,
      method: 'get',
      access: 'read',
      path: `${BASE}/stats`,
      operationId: 'getStats',
      summary: 'Queue sizes, response time of the database, connections, success of sends',
      replies: { 200: { description: 'Figures of now.', schema: schema.statsReply } },
      handle: async (_input, { scope }) => ok(await bootstrap.stats(scope)),
    }),
    selfTestRoute(bootstrap),
  ];
}

function selfTestRoute(bootstrap: BootstrapPort): Route {
  return route({
    ...facts,
    method: 'post',
    access: 'root',
    path: `${BASE}/test`,
    operationId: 'selfTest',
    summary: 'Self test, step by step: database, queue, disk, each connection',
    deadlineMs: 60_000,
    replies: {
      200: { description: 'Every step passed.', schema: schema.testReply },
      503: { description: 'A step failed.', schema: schema.testReply },
    },
    errors: [],
    handle: async () => {
      const { steps } = await bootstrap.selfTest();
      const success = steps.every((step) => step.ok);
      return { status: success ? 200 : 503, body: { success, steps } };
    },
  });
}
