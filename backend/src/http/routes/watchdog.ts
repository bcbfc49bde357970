import type { WatchdogPort } from '../ports.js';
import { ok, route, type Route } from '../route.js';
import { watchdogReply } from '../schemas/watchdog.js';

/** What the watchdog measures, has done, and why. */
export function watchdogRoutes(watchdog: WatchdogPort): Route[] {
  return [
    route({
      tag: 'bootstrap',
      access: 'root',
      input: {},
      errors: [],
      method: 'get',
      path: '/api/whatsapp-bootstrap/watchdog',
      operationId: 'getWatchdog',
      summary: 'Probes, last steps and their reasons, per connection',
      replies: { 200: { description: 'What is measured now.', schema: watchdogReply } },
      handle: async () => ok({ ...watchdog.report() }),
    }),
  ];
}
