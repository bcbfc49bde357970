import { expect, test } from '@jest/globals';
import { EXAMPLES } from '../../src/http/examples.js';
import { aGateway, SEND } from '../support/gateway.js';

const gateway = aGateway({ MAX_CONNECTIONS: '5' });

const UUID = '11111111-1111-4111-8111-111111111111';
type Body = { content: Record<string, { examples?: Record<string, { value: unknown }> }> };
type Paths = Record<string, Record<string, { operationId: string; requestBody?: Body }>>;

/** Those that name a message need one that is there: the id in them stands for it. */
const withId = (body: object, id: string): object =>
  JSON.parse(JSON.stringify(body).replaceAll('3EB0C767D097B7C7C3', id)) as object;

const PATHS = { sendMessage: SEND, sendByClient: '/clients/loja-1/send', sendByAny: '/clients/send' };

test('the example of every message kind goes out as it stands in the document', async () => {
  await gateway.aPairedConnection('loja-1');
  gateway.aCustomer({ number: '5511988887777' });
  const { text } = EXAMPLES['sendMessage']!;
  const gone: unknown[] = [];
  for (const [operation, path] of Object.entries(PATHS)) {
    const { body: sent } = await gateway.http.post<{ message: { whatsappId: string } }>(SEND, text!);
    await gateway.crm.mensagem('loja-1', sent.message.whatsappId);
    // `delete` comes last.
    for (const [name, body] of Object.entries(EXAMPLES[operation]!)) {
      const answer = await gateway.http.post(path, withId(body, sent.message.whatsappId));
      gone.push([operation, name, answer.status, answer.body.error?.message ?? null]);
    }
  }
  expect(gone).toEqual(gone.map((each) => [...(each as unknown[]).slice(0, 2), 201, null]));
}, 60_000);

test('every other example is taken by the real gateway as far as what it names is there', async () => {
  const openapi = await gateway.http.get<{ paths: Paths }>('/openapi.json');
  const operations = Object.entries(openapi.body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, requestBody }]) => ({
      path,
      method,
      operationId,
      requestBody,
    })),
  );
  const wrong: unknown[] = [];
  for (const { path, method, operationId, requestBody } of operations) {
    const examples = requestBody?.content['application/json']?.examples ?? {};
    if (operationId in PATHS) continue;
    for (const { value } of Object.values(examples)) {
      const url = gateway.http.baseUrl + path.replace(/\{id\}|\{instanceName\}/, 'loja-1').replace(/\{\w+\}/g, UUID);
      const answer = await fetch(url, {
        ...{ method: method.toUpperCase(), body: JSON.stringify(value) },
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(20_000),
      });
      const text = await answer.text();
      // What it names need not be there, and example.com is not reached here; but nothing is wrong with the body itself.
      const isBodyWrong = answer.status >= 500 ? !text.includes('MEDIA_FETCH_FAILED') : /"field":"body/.test(text);
      if (isBodyWrong) wrong.push([operationId, answer.status, text.slice(0, 200)]);
    }
  }
  expect(wrong).toEqual([]);
}, 120_000);
