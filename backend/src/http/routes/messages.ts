import { z } from 'zod';
import type { StagedUpload } from '../../integration/resources.js';
import type { IntegrationPort } from '../ports.js';
import { ok, route, type Route } from '../route.js';
import { atendimento } from '../schemas/atendimentos.js';
import { pageBothWays, pageQuery, uuid } from '../schemas/common.js';
import { messageInput } from '../schemas/message-content.js';
import * as schema from '../schemas/messages.js';
import { idempotencyOf, renderSent, SEND_ERRORS, SEND_REPLIES, sendFacts } from './send-call.js';

const BASE = '/api/whatsapp-integration';
const facts = { tag: 'messages' } as const;

/** Send, and read what was said. */
export function messageRoutes(integration: IntegrationPort): Route[] {
  return [
    sendRoute(integration),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/messages/by-id/:id`,
      access: 'read',
      operationId: 'getMessageStatus',
      summary: 'What became of a message: state, tries, error, receipts; also while the database is away',
      input: { params: schema.messageStatusParams, query: schema.messageStatusQuery },
      replies: { 200: { description: 'As it is now.', schema: schema.messageStatusReply } },
      errors: ['MESSAGE_NOT_FOUND', 'DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'DEADLINE_EXCEEDED'],
      handle: async ({ params, query }, { scope }) =>
        ok({ message: await integration.messageStatus(params.id, query.connectionId, scope) }),
    }),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/messages/:atendimentoId`,
      access: 'read',
      operationId: 'listMessages',
      summary: 'Messages of one atendimento',
      input: { params: z.object({ atendimentoId: uuid }), query: schema.listMessagesQuery },
      replies: {
        200: { description: 'One page of rows of `whatsapp_mensagens`.', schema: pageBothWays(schema.mensagem) },
      },
      errors: ['ATENDIMENTO_NOT_FOUND', 'DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'DEADLINE_EXCEEDED'],
      handle: async ({ params, query: { order: direction, ...page } }, { scope }) =>
        ok(await integration.listMessages(params.atendimentoId, { ...page, direction }, scope)),
    }),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/atendimentos/active`,
      access: 'read',
      operationId: 'listActiveAtendimentos',
      summary: 'Open atendimentos',
      input: { query: pageQuery },
      replies: {
        200: { description: 'One page of rows of `whatsapp_atendimentos`.', schema: pageBothWays(atendimento) },
      },
      errors: ['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'DEADLINE_EXCEEDED'],
      handle: async ({ query }, { scope }) => ok(await integration.listActiveAtendimentos(query, scope)),
    }),
  ];
}

function sendRoute(integration: IntegrationPort): Route {
  return route({
    ...facts,
    method: 'post',
    path: `${BASE}/messages/send`,
    access: 'send',
    operationId: 'sendMessage',
    summary: 'Send a message, or react to, edit, delete or forward one',
    input: { body: schema.sendMessageBody, query: schema.sendMessageQuery, headers: schema.sendMessageHeaders },
    replies: SEND_REPLIES,
    ...sendFacts(integration),
    errors: [...SEND_ERRORS, 'TEMPLATE_NOT_FOUND', 'CONNECTION_NOT_FOUND', 'NOT_PAIRED', 'LOGGED_OUT', 'BANNED'],
    handle: async ({ body, query, headers }, caller) => {
      const { connectionId, to, mentions, replyTo, template, delayMs, typingMs } = body;
      const upload = caller.upload as StagedUpload | undefined;
      const idempotency = idempotencyOf(caller, connectionId, headers['Idempotency-Key'], body);
      const result = await integration.sendMessage(
        {
          ...{ connectionId, to, mentions, replyTo, template, message: messageInput(body, upload) },
          ...{ delayMs, typingMs, waitMs: query.wait, idempotency, signal: caller.signal },
        },
        caller.scope,
      );
      return renderSent(result);
    },
  });
}
