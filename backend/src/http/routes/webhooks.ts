import type { WebhooksPort } from '../ports.js';
import { ofParties } from '../of-parties.js';
import { ok, route, type Route } from '../route.js';
import { success } from '../schemas/common.js';
import * as schema from '../schemas/webhooks.js';

const BASE = '/api/whatsapp-bootstrap/webhooks';
const facts = { tag: 'webhooks' } as const;
const one = { ...facts, input: { params: schema.webhookParams }, errors: ['WEBHOOK_NOT_FOUND'] } as const;
const FIELD_ERRORS = ['FORBIDDEN_DESTINATION', 'JOURNAL_FAILED'] as const;

/** Who is told by webhook, and what came of it. */
export function webhookRoutes(webhooks: WebhooksPort): Route[] {
  return [
    route({
      ...facts,
      access: 'manage',
      method: 'post',
      path: BASE,
      operationId: 'createWebhook',
      summary: 'Have a URL told what happens; the answer shows the secret, once',
      input: { body: schema.createWebhookBody },
      replies: { 201: { description: 'Created.', schema: schema.webhookSecretReply } },
      errors: [...FIELD_ERRORS, 'FORBIDDEN', 'CONNECTION_NOT_FOUND', 'WEBHOOK_LIMIT'],
      handle: async ({ body }, { scope }) => ({ ...ok(await webhooks.create(ofParties(body), scope)), status: 201 }),
    }),
    route({
      ...facts,
      access: 'read',
      method: 'get',
      path: BASE,
      operationId: 'listWebhooks',
      summary: 'All webhooks, with what waits for them',
      input: {},
      replies: { 200: { description: 'All of them on one page.', schema: schema.webhooksReply } },
      errors: [],
      handle: (_input, { scope }) => ok({ data: webhooks.list(scope), nextCursor: null }),
    }),
    route({
      ...one,
      access: 'read',
      method: 'get',
      path: `${BASE}/:id`,
      operationId: 'getWebhook',
      summary: 'One webhook',
      replies: { 200: { description: 'The webhook.', schema: schema.webhookDataReply } },
      handle: ({ params: { id } }, { scope }) => ok({ data: webhooks.get(id, scope) }),
    }),
    route({
      ...one,
      access: 'manage',
      method: 'patch',
      path: `${BASE}/:id`,
      operationId: 'updateWebhook',
      summary: 'Change it, switch it on or off, rotate its secret',
      input: { ...one.input, body: schema.updateWebhookBody },
      replies: { 200: { description: 'Changed.', schema: schema.webhookSecretReply } },
      errors: [...one.errors, ...FIELD_ERRORS],
      handle: async ({ params: { id }, body }, { scope }) => ok(await webhooks.update(id, body, scope)),
    }),
    route({
      ...one,
      access: 'manage',
      method: 'delete',
      path: `${BASE}/:id`,
      operationId: 'deleteWebhook',
      summary: 'Forget it, with its line and its ledger',
      replies: { 200: { description: 'Forgotten.', schema: success } },
      handle: async ({ params: { id } }, { scope }) => {
        await webhooks.delete(id, scope);
        return ok({});
      },
    }),
    ...deliveryRoutes(webhooks),
  ];
}

/** What goes to a webhook, and what went. */
function deliveryRoutes(webhooks: WebhooksPort): Route[] {
  return [
    route({
      ...one,
      access: 'manage',
      method: 'post',
      path: `${BASE}/:id/test`,
      operationId: 'testWebhook',
      summary: 'Post a test event to it now, and say what it answered',
      replies: { 200: { description: 'What came of it.', schema: schema.testReply } },
      handle: async ({ params: { id } }, { scope }) => ok({ delivery: await webhooks.test(id, scope) }),
    }),
    route({
      ...one,
      access: 'read',
      method: 'get',
      path: `${BASE}/:id/deliveries`,
      operationId: 'listDeliveries',
      summary: 'Its ledger: which event, when, what came of it; the newest first',
      input: { ...one.input, query: schema.deliveriesQuery },
      replies: { 200: { description: 'A page of deliveries.', schema: schema.deliveriesReply } },
      handle: ({ params: { id }, query }, { scope }) => ok(webhooks.deliveries(id, query, scope)),
    }),
    route({
      ...one,
      access: 'manage',
      method: 'post',
      path: `${BASE}/:id/replay`,
      operationId: 'replayDeliveries',
      summary: 'Deliver events of the last 7 days (again), at their places in the order',
      input: { ...one.input, body: schema.replayBody },
      replies: { 200: { description: 'They are in the line.', schema: schema.replayReply } },
      errors: [...one.errors, 'JOURNAL_FAILED'],
      handle: async ({ params: { id }, body }, { scope }) => ok({ replayed: await webhooks.replay(id, body, scope) }),
    }),
  ];
}
