import { GatewayError } from '../../lib/errors.js';
import { textOf, type Party } from '../../lib/party.js';
import type { InstancesPort, NotifyPort } from '../pool-ports.js';
import { ok, route, type Caller, type Route } from '../route.js';
import * as schema from '../schemas/instances.js';
import { notifyBody, notifyReply } from '../schemas/notify.js';

const BASE = '/api/whatsapp';
const facts = { tag: 'instances' } as const;

/** One WhatsApp per user. */
export function instanceRoutes(instances: InstancesPort, notify: NotifyPort): Route[] {
  return [
    notifyRoute(notify),
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
        const user = userOf(body.userId, caller, 'body.userId');
        const { scope } = caller;
        const call = { user, organization: body.organizationId ?? null, scope, isProgram: !isUser(caller) };
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
        const user = userOf(query.userId, caller, 'query.userId');
        const instance = instances.findUserInstance(user, caller.scope);
        if (!instance) throw new GatewayError('CONNECTION_NOT_FOUND', 'This user has no instance: connect it first.');
        return ok({ instance });
      },
    }),
  ];
}

function notifyRoute(port: NotifyPort): Route {
  return route({
    ...facts,
    method: 'post',
    path: `${BASE}/notify`,
    access: 'send',
    operationId: 'notifyUser',
    summary: "Show a notification of the application's own on the pages of a user or an organisation",
    input: { body: notifyBody },
    replies: { 201: { description: 'Told to who is there, and kept for who comes back.', schema: notifyReply } },
    errors: ['FORBIDDEN', 'JOURNAL_FAILED', 'JOURNAL_FULL'],
    handle: async ({ body: { userId, organizationId, type, title, message, data } }, { scope }) => {
      const said = { ...data, ...(title !== undefined && { title }), ...(message !== undefined && { message }) };
      const input = { user: userId ?? null, organization: organizationId ?? null, notification: { type, data: said } };
      return { ...ok({ notification: { id: await port.notify(input, scope), type } }), status: 201 };
    },
  });
}

/** @throws GatewayError `BAD_REQUEST` when the caller is nobody in particular and names nobody */
function userOf(named: Party | undefined, { scope }: Caller, field: string): Party {
  if (named !== undefined) return named;
  if (scope) return { id: scope.ownerId, text: textOf(scope.texts, scope.ownerId) };
  const problem = 'must name the user: this caller is none';
  throw new GatewayError('BAD_REQUEST', `${field} ${problem}`, { details: [{ field, problem }] });
}

/** A signed-in user, and no program with a key. */
function isUser({ name }: Caller): boolean {
  return name.startsWith('user:');
}
