import { GatewayError } from '../../lib/errors.js';
import type { InstancesPort } from '../pool-ports.js';
import { ok, route, type Caller, type Route } from '../route.js';
import * as schema from '../schemas/instances.js';

const BASE = '/api/whatsapp';
const facts = { tag: 'instances' } as const;

/** One WhatsApp per user. */
export function instanceRoutes(instances: InstancesPort): Route[] {
  return [
    route({
      ...facts,
      method: 'post',
      path: `${BASE}/connect`,
      access: 'manage',
      operationId: 'connectInstance',
      summary: "Make the user's instance if there is none, and connect it; again: reconnect",
      input: { body: schema.connectBody },
      optionalBody: true,
      replies: {
        200: { description: 'It was there.', schema: schema.connectReply },
        201: { description: 'Created.', schema: schema.connectReply },
      },
      errors: ['FORBIDDEN', 'CONNECTION_TAKEN', 'CONNECTION_LIMIT', 'REMOTE_UNAVAILABLE', 'REMOTE_REFUSED'],
      handle: async ({ body }, caller) => {
        const userId = userOf(body.userId, caller, 'body.userId');
        const { scope } = caller;
        const call = { userId, organizationId: body.organizationId ?? null, scope, isProgram: !isUser(caller) };
        const { created, instance, qr } = await instances.connectUserWhatsApp(call);
        const { qrCode, code, expiresAt } = qr ?? { qrCode: null, code: null, expiresAt: null };
        return { ...ok({ instance, qrCode, code, expiresAt }), status: created ? 201 : 200 };
      },
    }),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/instance`,
      access: 'read',
      operationId: 'getInstance',
      summary: "The user's instance, with its health",
      input: { query: schema.instanceQuery },
      replies: { 200: { description: 'The instance.', schema: schema.instanceReply } },
      errors: ['CONNECTION_NOT_FOUND'],
      handle: ({ query }, caller) => {
        const userId = userOf(query.userId, caller, 'query.userId');
        const instance = instances.findUserInstance(userId, caller.scope);
        if (!instance) throw new GatewayError('CONNECTION_NOT_FOUND', 'This user has no instance: connect it first.');
        return ok({ instance });
      },
    }),
  ];
}

/** @throws GatewayError `BAD_REQUEST` when the caller is nobody in particular and names nobody */
function userOf(named: string | undefined, { scope }: Caller, field: string): string {
  const userId = named ?? scope?.ownerId;
  if (userId !== undefined) return userId;
  const problem = 'must name the user: this caller is none';
  throw new GatewayError('BAD_REQUEST', `${field} ${problem}`, { details: [{ field, problem }] });
}

/** A signed-in user, and no program with a key. */
function isUser({ name }: Caller): boolean {
  return name.startsWith('user:');
}
