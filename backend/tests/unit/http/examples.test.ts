import { expect, test } from '@jest/globals';
import { allRoutes } from '../../../src/http/create-http-app.js';
import { EXAMPLES } from '../../../src/http/examples.js';
import { openApiDocument } from '../../../src/http/openapi.js';
import { scriptedPorts } from './scripted-gateway.js';

const routes = allRoutes(scriptedPorts());
const withBody = routes.filter(({ input }) => input.body !== undefined);
const cases = withBody.flatMap(({ operationId, input }) =>
  Object.entries(EXAMPLES[operationId] ?? {}).map(([name, body]) => ({ operationId, name, body, schema: input.body! })),
);

test('every operation with a body has an example, and no example is of an operation that is not there', () => {
  const known = withBody.map(({ operationId }) => operationId);
  expect(Object.keys(EXAMPLES).sort()).toEqual([...known].sort());
});

test.each(cases)('$operationId takes its example $name', ({ body, schema }) => {
  expect(schema.safeParse(body).error?.issues ?? []).toEqual([]);
});

test('the document shows them, so that "Try it out" begins with one that works', () => {
  const { paths } = openApiDocument(routes);
  const operation = paths?.['/api/whatsapp-integration/messages/send']?.post as {
    requestBody: { content: Record<string, { examples: Record<string, { value: unknown }> }> };
  };
  const shown = operation.requestBody.content['application/json']!.examples;
  expect(Object.keys(shown)[0]).toBe('text');
  expect(shown['text']?.value).toEqual(EXAMPLES['sendMessage']?.['text']);
});
