import type { AccessPort } from '../ports.js';
import { ofParties } from '../of-parties.js';
import { ok, route, type Route } from '../route.js';
import * as schema from '../schemas/api-keys.js';

const BASE = '/api/whatsapp-bootstrap/keys';
const HOUR_MS = 3_600_000;
const facts = { tag: 'keys', access: 'root' } as const;

/** Make, list, renew and revoke API keys: for whoever has the root key. */
export function apiKeyRoutes({ keys }: Pick<AccessPort, 'keys'>): Route[] {
  return [
    route({
      ...facts,
      method: 'post',
      path: BASE,
      operationId: 'createApiKey',
      summary: 'Make an API key; its text is shown this once',
      input: { body: schema.createApiKeyBody },
      replies: { 201: { description: 'Made.', schema: schema.issuedApiKeyReply } },
      errors: ['API_KEY_LIMIT', 'JOURNAL_FAILED'],
      handle: async ({ body }) => ({ ...ok(await keys.create(ofParties(body))), status: 201 }),
    }),
    route({
      ...facts,
      method: 'get',
      path: BASE,
      operationId: 'listApiKeys',
      summary: 'All API keys, also expired and revoked ones',
      input: {},
      replies: { 200: { description: 'All of them on one page.', schema: schema.apiKeysReply } },
      errors: [],
      handle: () => ok({ data: keys.list(), nextCursor: null }),
    }),
    route({
      ...facts,
      method: 'post',
      path: `${BASE}/:id/rotate`,
      operationId: 'rotateApiKey',
      summary: 'A new text for the same key; for a while both work',
      input: { params: schema.apiKeyParams, body: schema.rotateApiKeyBody },
      optionalBody: true,
      replies: { 200: { description: 'The new text.', schema: schema.issuedApiKeyReply } },
      errors: ['API_KEY_NOT_FOUND', 'JOURNAL_FAILED'],
      handle: async ({ params, body }) => ok(await keys.rotate(params.id, body.graceHours * HOUR_MS)),
    }),
    route({
      ...facts,
      method: 'delete',
      path: `${BASE}/:id`,
      operationId: 'revokeApiKey',
      summary: 'Revoke an API key, at once and for good',
      input: { params: schema.apiKeyParams },
      replies: { 200: { description: 'Revoked.', schema: schema.apiKeyReply } },
      errors: ['API_KEY_NOT_FOUND', 'JOURNAL_FAILED'],
      handle: async ({ params }) => ok({ apiKey: await keys.revoke(params.id) }),
    }),
  ];
}
