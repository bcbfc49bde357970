import { GatewayError } from '../../lib/errors.js';
import type { BootstrapPort } from '../ports.js';
import { ok, route, type Route } from '../route.js';
import { healthReply } from '../schemas/bootstrap.js';

const facts = { tag: 'health', method: 'get', access: 'public', input: {} } as const;

/** For supervisors and load balancers: they have no key, so they learn yes or no, and the code of what stands in the way. */
export function healthRoutes(bootstrap: BootstrapPort): Route[] {
  return [
    route({
      ...facts,
      path: '/health/live',
      operationId: 'live',
      errors: ['SERVICES_STOPPED'],
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
      errors: ['SERVICES_STOPPED', 'JOURNAL_FULL', 'JOURNAL_FAILED'],
      deadlineMs: 5000,
      replies: { 200: { description: 'Ready.', schema: healthReply } },
      handle: async () => {
        const problem = await bootstrap.unreadiness();
        if (problem !== null) throw new GatewayError(problem);
        return ok({ status: 'ready' });
      },
    }),
  ];
}
