import { z } from 'zod';
import type { IntegrationPort } from '../ports.js';
import { ok, route, type Route } from '../route.js';
import * as schema from '../schemas/chats.js';
import { connectionId, success } from '../schemas/common.js';
import { address } from '../schemas/messages.js';

const BASE = '/api/whatsapp-integration';
const facts = { tag: 'chats', access: 'send' } as const;

/** Read marks, "typing…" and number checks. */
export function chatRoutes(integration: IntegrationPort): Route[] {
  return [
    route({
      ...facts,
      method: 'post',
      path: `${BASE}/messages/read`,
      operationId: 'markRead',
      summary: 'Mark messages of customers as read, at WhatsApp and on their rows',
      input: { body: schema.markReadBody },
      replies: { 200: { description: 'How many were marked.', schema: schema.markReadReply } },
      errors: [
        ...(['CONNECTION_NOT_FOUND', 'MESSAGE_NOT_FOUND', 'NOT_CONNECTED', 'DATABASE_UNAVAILABLE'] as const),
        ...(['DATABASE_REFUSED', 'JOURNAL_FAILED', 'JOURNAL_FULL', 'DEADLINE_EXCEEDED'] as const),
      ],
      handle: async ({ body }, { scope }) =>
        ok({ read: await integration.markRead(body.connectionId, body.messageIds, scope) }),
    }),
    route({
      ...facts,
      method: 'post',
      path: `${BASE}/chats/presence`,
      operationId: 'sendPresence',
      summary: 'Show typing or recording in a chat',
      input: { body: schema.presenceBody },
      replies: { 200: { description: 'Shown.', schema: success } },
      errors: ['CONNECTION_NOT_FOUND', 'INVALID_RECIPIENT', 'NOT_CONNECTED', 'DEADLINE_EXCEEDED'],
      issueCodes: { 'body.to': { too_small: 'INVALID_RECIPIENT', invalid_format: 'INVALID_RECIPIENT' } },
      handle: async ({ body }, { scope }) => {
        await integration.sendPresence(body, scope);
        return ok({});
      },
    }),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/connections/:id/numbers/:number`,
      operationId: 'checkNumber',
      summary: 'Whether a number is on WhatsApp (cached 30 days, at most 20 questions a minute)',
      input: { params: z.object({ id: connectionId, number: address }) },
      replies: { 200: { description: 'What WhatsApp says.', schema: schema.numberReply } },
      errors: ['CONNECTION_NOT_FOUND', 'INVALID_RECIPIENT', 'NOT_CONNECTED', 'RATE_LIMITED', 'DEADLINE_EXCEEDED'],
      handle: async ({ params }, { scope }) =>
        ok({ data: await integration.checkNumber(params.id, params.number, scope) }),
    }),
  ];
}
