import type { BootstrapPort } from '../ports.js';
import { ok, route, type Route } from '../route.js';
import { pageQuery, success } from '../schemas/common.js';
import * as schema from '../schemas/dead-letters.js';

const BASE = '/api/whatsapp-bootstrap/dead-letters';
const facts = { tag: 'bootstrap', access: 'root' } as const;

/** Entries that no retry can help, of every owner: for whoever runs the gateway. */
export function deadLetterRoutes({ deadLetters }: Pick<BootstrapPort, 'deadLetters'>): Route[] {
  const one = { ...facts, input: { params: schema.deadLetterParams } };
  return [
    route({
      ...facts,
      method: 'get',
      path: BASE,
      operationId: 'listDeadLetters',
      summary: 'Entries that were set aside: refused by the database for good, or too costly to read; the oldest first',
      input: { query: pageQuery },
      replies: { 200: { description: 'A page of dead letters.', schema: schema.deadLettersReply } },
      errors: [],
      handle: ({ query }) => ok(deadLetters.list(query)),
    }),
    route({
      ...one,
      method: 'post',
      path: `${BASE}/:seq/retry`,
      operationId: 'retryDeadLetter',
      summary: 'Put it back into the queue at its old place',
      replies: { 200: { description: 'It is in the queue again.', schema: success } },
      errors: ['DEAD_LETTER_NOT_FOUND', 'JOURNAL_FAILED'],
      handle: async ({ params }) => {
        await deadLetters.retry(params.seq);
        return ok({});
      },
    }),
    route({
      ...one,
      method: 'post',
      path: `${BASE}/:seq/discard`,
      operationId: 'discardDeadLetter',
      summary: 'Give it up: it will never be a row',
      replies: { 200: { description: 'It is gone.', schema: success } },
      errors: ['DEAD_LETTER_NOT_FOUND', 'JOURNAL_FAILED'],
      handle: async ({ params }) => {
        await deadLetters.discard(params.seq);
        return ok({});
      },
    }),
  ];
}
