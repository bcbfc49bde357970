import type { AccessPort } from '../ports.js';
import { ok, route, type Route } from '../route.js';
import * as schema from '../schemas/audit.js';

/** Who did what, of every owner: for whoever has the root key. */
export function auditRoutes(access: Pick<AccessPort, 'listAudit'>): Route[] {
  return [
    route({
      tag: 'keys',
      access: 'root',
      method: 'get',
      path: '/api/whatsapp-bootstrap/audit',
      operationId: 'listAudit',
      summary: 'Who did what, the newest first',
      input: { query: schema.auditQuery },
      replies: { 200: { description: 'One page of rows of `whatsapp_auditoria`.', schema: schema.auditReply } },
      errors: ['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'SCHEMA_OUTDATED', 'DEADLINE_EXCEEDED'],
      handle: async ({ query }) => ok(await access.listAudit(query)),
    }),
  ];
}
