import { z } from 'zod';
import { route, type Route } from '../route.js';
import { anything, evolutionFacts, instanceParams } from './facts.js';
import type { EvolutionPorts } from './port.js';
import { findWebhook, setWebhook, webhookFields, webhookRecord } from './webhook-shape.js';

/** The webhook of an instance: durable and in order like all of ours, in Evolution's envelope. */
export function webhookRoutes({ integration, webhooks }: EvolutionPorts): Route[] {
  return [
    route({
      ...evolutionFacts,
      method: 'post',
      path: '/webhook/set/:instanceName',
      access: 'manage',
      operationId: 'evolutionSetWebhook',
      summary: 'Set the webhook of an instance',
      input: {
        params: instanceParams,
        body: z.looseObject({ webhook: webhookFields }).meta({ id: 'EvolutionSetWebhook' }),
      },
      replies: { 201: { description: 'The webhook.', schema: anything } },
      errors: ['CONNECTION_NOT_FOUND', 'FORBIDDEN_DESTINATION', 'WEBHOOK_LIMIT'],
      handle: async ({ params: { instanceName }, body }, { scope }) => {
        await integration.getConnection(instanceName, scope);
        return { status: 201, body: webhookRecord(await setWebhook(webhooks, instanceName, body.webhook, scope)) };
      },
    }),
    route({
      ...evolutionFacts,
      method: 'get',
      path: '/webhook/find/:instanceName',
      access: 'manage',
      operationId: 'evolutionFindWebhook',
      summary: 'The webhook of an instance',
      input: { params: instanceParams },
      replies: { 200: { description: 'The webhook; `{}` when there is none.', schema: anything } },
      errors: ['CONNECTION_NOT_FOUND'],
      handle: async ({ params: { instanceName } }, { scope }) => {
        await integration.getConnection(instanceName, scope);
        const webhook = findWebhook(webhooks, instanceName, scope);
        return { status: 200, body: webhook ? webhookRecord(webhook) : {} };
      },
    }),
  ];
}
