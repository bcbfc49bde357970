import type { z } from 'zod';
import { readTail } from '../../evolution/path-tail.js';
import type { IncomingWebhook } from '../../evolution/webhook-intake.js';
import type { EvolutionWebhooksPort } from '../evolution-port.js';
import { ok, route, type RawInput, type Route } from '../route.js';
import * as schema from '../schemas/evolution-webhooks.js';

const BASE = '/api/webhook';
/** Pictures and films come inside the body when the server is told so (`base64`). */
const MAX_BODY = '48mb';
const facts = {
  method: 'post',
  access: 'public',
  tag: 'webhooks in',
  maxJson: MAX_BODY,
  unknownFields: 'ignored',
} as const;
const errors = ['UNAUTHORIZED', 'WEBHOOK_SECRET_MISSING', 'FORBIDDEN', 'WRONG_DRIVER', 'CONNECTION_LIMIT'] as const;

type Params = z.output<typeof schema.tailParams> & { userId?: string };
type Headers = z.output<typeof schema.proofHeaders>;

/** Events that Evolution API servers post. No API key: each request proves itself with the webhook secret. */
export function evolutionWebhookRoutes(webhooks: EvolutionWebhooksPort): Route[] {
  const admit = ({ params, headers }: RawInput) =>
    webhooks.admit(proofOf(params as Params, headers as Headers).presented);
  const taking = (name: string, path: string, summary: string) => ({
    ...{ ...facts, admit, path: `${BASE}/${path}{/:secret}{/:event}`, operationId: name, summary, errors },
    replies: { 200: { description: 'On the disk, or there before.', schema: schema.webhookReceipt } },
  });
  const input = { params: schema.tailParams, headers: schema.proofHeaders, body: schema.evolutionEvent };
  const take = async ({ params, headers, body }: { params: Params; headers: Headers; body: Record<string, unknown> }) =>
    ok(await webhooks.take({ ...proofOf(params, headers), body }));
  return [
    route({ ...taking('takeWebhook', 'whatsapp', 'An event of any instance'), input, handle: take }),
    route({
      ...taking('takeEvolutionWebhook', 'evolution', 'An event of an Evolution API server'),
      input,
      handle: take,
    }),
    route({
      ...taking('takeUserWebhook', 'user/:userId', 'An event of one user’s instance'),
      input: { ...input, params: schema.userTailParams },
      handle: take,
    }),
    route({
      ...taking('testWebhookIn', 'test', 'Says what would be taken, and takes nothing'),
      input,
      replies: { 200: { description: 'The secret is right.', schema: schema.webhookTestReply } },
      handle: async ({ params, headers, body }) => ok(await webhooks.test({ ...proofOf(params, headers), body })),
    }),
  ];
}

/** Whatever could be a proof, and what the path says. */
function proofOf(params: Params, headers: Headers): Omit<IncomingWebhook, 'body'> {
  const { secret, event } = readTail(params.secret, params.event);
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
  const header = headers['x-webhook-secret'] ?? headers.apikey ?? null;
  return { presented: { path: secret, header, bearer }, event, userId: params.userId ?? null };
}
