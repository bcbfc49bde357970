import { expect, test } from '@jest/globals';
import { deadLetterRoutes } from '../../../src/http/routes/dead-letters.js';
import { KEY, aDeadLetter, anApp, documented, scriptedPorts } from './scripted-gateway.js';

const PATH = '/api/whatsapp-bootstrap/dead-letters';

test('dead letters are listed in pages', async () => {
  const res = await documented(anApp().http.get(`${PATH}?limit=1`));
  expect([res.status, res.body]).toEqual([200, { success: true, data: [aDeadLetter()], nextCursor: 'next' }]);
});

test.each(['retry', 'discard'])('one is told to %s by its seq', async (verb) => {
  const { http, calls } = anApp();
  expect((await documented(http.post(`${PATH}/7/${verb}`))).status).toBe(200);
  expect(calls).toEqual([{ name: verb, args: [7] }]);
});

test.each(['0', '-1', 'x', '1e3', '9999999999999999'])('%s is no seq', async (seq) => {
  expect((await documented(anApp().http.post(`${PATH}/${seq}/retry`))).status).toBe(400);
});

test('they ask for the key', async () => {
  const { http } = anApp({ apiKey: KEY });
  expect((await documented(http.get(PATH))).status).toBe(401);
  expect((await documented(http.get(PATH).set('x-api-key', KEY))).status).toBe(200);
});

test('they belong to no owner, so they are for the root key alone', () => {
  const { bootstrap } = scriptedPorts();
  for (const { access } of deadLetterRoutes(bootstrap)) expect(access).toBe('root');
});
