import { z } from 'zod';
import type { SendByAnyInput } from '../../integration/send-by-any.js';
import type { StagedUpload } from '../../integration/resources.js';
import type { ClientsPort } from '../pool-ports.js';
import type { IntegrationPort } from '../ports.js';
import { ofParties } from '../of-parties.js';
import { ok, route, type Route } from '../route.js';
import * as schema from '../schemas/clients.js';
import { connectionId, success } from '../schemas/common.js';
import { messageInput } from '../schemas/message-content.js';
import { sendMessageHeaders, sendMessageQuery } from '../schemas/messages.js';
import { idempotencyOf, renderSent, SEND_ALIASES, SEND_ERRORS, SEND_REPLIES, sendFacts } from './send-call.js';

const params = z.object({ id: connectionId });
const facts = { tag: 'clients' } as const;
const one = { 200: { description: 'As it is now.', schema: schema.clientReply } };
/** What a connection on a server adds: not everything can be asked of it, and it may be away. */
const REMOTE_ERRORS = ['WRONG_DRIVER', 'REMOTE_UNAVAILABLE', 'REMOTE_REFUSED'] as const;
/** Stands where a client's id stands in the scope of an Idempotency-Key; no id looks like it. */
const ANY = '*';
/** Here `text` is a field of its own. */
const { text: _text, ...CLIENT_ALIASES } = SEND_ALIASES;

/** The pool's own routes, under the paths that users of connection pools know. A client is a connection. */
export function clientRoutes(clients: ClientsPort, integration: IntegrationPort): Route[] {
  return [...readRoutes(clients), ...lifeRoutes(clients), sendByClient(integration), sendByAny(integration)];
}

function readRoutes(clients: ClientsPort): Route[] {
  return [
    route({
      ...facts,
      method: 'get',
      path: '/clients',
      access: 'read',
      operationId: 'listReadyClients',
      summary: 'Ids of the clients that can send now',
      input: {},
      replies: { 200: { description: 'A bare list.', schema: schema.readyIds } },
      errors: [],
      handle: (_input, { scope }) => ({ status: 200, body: clients.readyIds(scope) }),
    }),
    route({
      ...facts,
      method: 'get',
      path: '/clients/all',
      access: 'read',
      operationId: 'listClients',
      summary: 'All clients with status, number and figures',
      input: {},
      replies: { 200: { description: 'A bare list, in the order of creation.', schema: schema.clients } },
      errors: [],
      handle: async (_input, { scope, mayManage }) => ({ status: 200, body: await clients.list(scope, mayManage) }),
    }),
    route({
      ...facts,
      method: 'get',
      path: '/stats',
      access: 'read',
      operationId: 'getPoolStats',
      summary: 'Figures of the pool since its first start',
      input: {},
      replies: { 200: { description: 'The figures.', schema: schema.poolStats } },
      errors: [],
      handle: (_input, { scope }) => ({ status: 200, body: clients.stats(scope) }),
    }),
  ];
}

function lifeRoutes(clients: ClientsPort): Route[] {
  const command = (name: 'disconnect' | 'reconnect' | 'logout', summary: string) =>
    route({
      ...facts,
      method: 'post',
      path: `/clients/:id/${name}`,
      access: 'manage',
      operationId: `${name}Client`,
      summary,
      input: { params },
      replies: one,
      errors: ['CONNECTION_NOT_FOUND', 'CONNECTION_LIMIT', ...REMOTE_ERRORS],
      handle: async ({ params: { id } }, { scope }) => ok({ client: await clients[name](id, scope) }),
    });
  return [
    route({
      ...facts,
      method: 'post',
      path: '/clients',
      access: 'manage',
      operationId: 'createClient',
      summary: 'Create a client and start it',
      input: { body: schema.createClientBody },
      optionalBody: true,
      replies: {
        200: { description: 'It was there already.', schema: schema.clientReply },
        201: { description: 'Created.', schema: schema.clientReply },
      },
      errors: ['CONNECTION_TAKEN', 'CONNECTION_LIMIT', 'FORBIDDEN'],
      handle: async ({ body }, { scope }) => {
        const { client, created } = await clients.create(ofParties(body), scope);
        return { ...ok({ client }), status: created ? 201 : 200 };
      },
    }),
    route({
      ...facts,
      method: 'post',
      path: '/clients/restore',
      access: 'manage',
      operationId: 'restoreClients',
      summary: 'Connect every paired client that nobody has disconnected',
      input: {},
      replies: { 200: { description: 'How many of them are ready now.', schema: schema.restoreReply } },
      errors: [],
      handle: async (_input, { scope }) => ok(await clients.restore(scope)),
    }),
    route({
      ...facts,
      method: 'delete',
      path: '/clients/:id',
      access: 'manage',
      operationId: 'deleteClient',
      summary: 'Log out and forget a client; its conversations stay',
      input: { params },
      replies: { 200: { description: 'Forgotten.', schema: success } },
      errors: ['CONNECTION_NOT_FOUND'],
      handle: async ({ params: { id } }, { scope }) => {
        await clients.remove(id, scope);
        return ok({});
      },
    }),
    command('disconnect', 'Close the socket and keep the session'),
    command('reconnect', 'Open a new socket'),
    command('logout', 'Remove the session, here and on the phone'),
  ];
}

function sendByClient(integration: IntegrationPort): Route {
  return route({
    ...facts,
    method: 'post',
    path: '/clients/:id/send',
    access: 'send',
    operationId: 'sendByClient',
    summary: 'Send a message by this client',
    input: { params, body: schema.sendByClientBody, query: sendMessageQuery, headers: sendMessageHeaders },
    replies: SEND_REPLIES,
    ...sendFacts(integration),
    aliases: CLIENT_ALIASES,
    errors: [...SEND_ERRORS, 'CONNECTION_NOT_FOUND', 'NOT_PAIRED', 'LOGGED_OUT', 'BANNED'],
    handle: async ({ params: { id }, body: { text, ...body }, query, headers }, caller) => {
      const message = { connectionId: id, ...body, content: schema.contentOf({ ...body, text }) };
      const upload = caller.upload as StagedUpload | undefined;
      const { to, mentions, replyTo, delayMs, typingMs } = message;
      // The same key on `messages/send` is the same request.
      const idempotency = idempotencyOf(caller, id, headers['Idempotency-Key'], message);
      const { signal } = caller;
      const sent = { connectionId: id, to, mentions, replyTo, delayMs, typingMs };
      const input = { ...sent, waitMs: query.wait, idempotency, signal };
      return renderSent(
        await integration.sendMessage({ ...input, message: messageInput(message, upload) }, caller.scope),
      );
    },
  });
}

function sendByAny(integration: IntegrationPort): Route {
  return route({
    ...facts,
    method: 'post',
    path: '/clients/send',
    access: 'send',
    operationId: 'sendByAny',
    summary: 'Send a message by the ready client whose turn it is',
    input: { body: schema.sendByAnyBody, query: sendMessageQuery, headers: sendMessageHeaders },
    replies: SEND_REPLIES,
    ...sendFacts(integration),
    aliases: CLIENT_ALIASES,
    errors: [...SEND_ERRORS, 'NOT_CONNECTED', 'RATE_LIMITED'],
    handle: async ({ body: { text, ...body }, query, headers }, caller) => {
      const message = { ...body, content: schema.contentOf({ ...body, text }) };
      const idempotency = idempotencyOf(caller, ANY, headers['Idempotency-Key'], message);
      const input: SendByAnyInput = {
        ...{ to: message.to, mentions: message.mentions, waitMs: query.wait, idempotency, signal: caller.signal },
        ...{ delayMs: message.delayMs, typingMs: message.typingMs },
        message: messageInput(message, caller.upload as StagedUpload | undefined),
      };
      return renderSent(await integration.sendByAny(input, caller.scope));
    },
  });
}
