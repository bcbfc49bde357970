import { GatewayError } from '../../lib/errors.js';
import type { BootstrapPort } from '../ports.js';
import { ok, route, type Route } from '../route.js';
import { healthReply } from '../schemas/bootstrap.js';

const facts = { tag: 'health', method: 'get', access: 'public', input: {}, errors: ['SERVICES_STOPPED'] } as const;

/** For supervisors and load balancers: they have no key, so they learn nothing but yes or no. */
export function healthRoutes(bootstrap: BootstrapPort): Route[] {
  return [
    route({
      ...facts,
      path: '/health/live',
      operationId: 'live',
      summary: 'The process is alive; otherwise its supervisor should restart it',
      replies: { 200: { description: 'Alive.', schema: healthReply } },
      handle: () => {
        if (!bootstrap.live()) throw new GatewayError('SERVICES_STOPPED');
        return ok({ status: 'live' });
      },
    }),
    route({
      ...facts,
      path: '/health/ready',
      operationId: 'ready',
      summary: 'The journal can be written and the services run',
      deadlineMs: 5000,
      replies: { 200: { description: 'Ready.', schema: healthReply } },
      handle: async () => {
        if (!(await bootstrap.ready())) throw new GatewayError('SERVICES_STOPPED');
        return ok({ status: 'ready' });
      },
    }),
  ];
}
