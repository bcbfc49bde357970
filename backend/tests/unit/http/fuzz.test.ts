import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allRoutes } from '../../../src/http/create-http-app.js';
import { HttpServer } from '../../../src/http/http-server.js';
import { silentLog } from '../../../src/lib/log.js';
import { anApp, scriptedPorts } from './scripted-gateway.js';

const agent = new Agent({ keepAlive: true });
const server = new HttpServer({ app: () => Promise.resolve(anApp().app), host: '127.0.0.1', port: 0, log: silentLog });
beforeAll(() => server.start());
afterAll(async () => {
  agent.destroy();
  await server.stop();
});

const nasty = fc.constantFrom('..', '%2e%2e', '%2f', '%00', '%', '%E0%A4%A', '__proto__', 'constructor', '\u202e', ' ');
const segment = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 80 }).map(asPathSegment), fc.uuid());
const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.constantFrom('c1', '5511999999999', 'text'));
const keys = [
  'connectionId',
  'to',
  'content',
  'type',
  'mentions',
  'replyTo',
  'name',
  'settings',
  'phoneNumber',
  'url',
  'events',
  'headers',
  'secret',
  'participants',
  'subject',
  'action',
  'invite',
];
const body = fc.oneof(
  fc.dictionary(fc.constantFrom(...keys, '__proto__', 'toString'), value).map((object) => JSON.stringify(object)),
  fc.json(),
  fc.string({ unit: 'binary' }),
);
const query = fc.dictionary(fc.constantFrom('limit', 'cursor', 'wait', 'format', 'limit[]'), segment, { maxKeys: 3 });
const header = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 });

/** Half surrogates have no percent-encoding; a client that sends bytes sends U+FFFD. */
function asPathSegment(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}

async function statusOf(method: string, path: string, headers: Record<string, string>, text: string): Promise<number> {
  const { port } = server.address();
  const req = request({ agent, host: '127.0.0.1', port, method, path, headers });
  req.end(method === 'GET' ? undefined : text);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  res.resume();
  await once(res, 'end');
  return res.statusCode!;
}

test('whatever is sent to whatever route, the fault is never ours', async () => {
  const route = fc.constantFrom(...allRoutes(scriptedPorts()));
  const type = fc.constantFrom('application/json', 'application/json', 'text/plain', 'multipart/form-data', 'x');
  const once500 = fc.asyncProperty(
    route,
    segment,
    query,
    body,
    type,
    header,
    async (row, id, search, text, mime, h) => {
      const path = row.path
        .replace(/\{[^}]*\}/g, '')
        .replace(/:\w+/g, () => id || 'x')
        .replace(/[^\x21-\x7e]/g, '%20');
      const params = Object.entries(search).map(([key, part]) => `${key}=${part.replace(/[^\x21-\x7e]/g, '%20')}`);
      const headers = { 'Content-Type': mime, 'Idempotency-Key': h, 'X-Request-Id': h, Accept: h };
      const status = await statusOf(row.method.toUpperCase(), `${path}?${params.join('&')}`, headers, text);
      expect([row.operationId, status < 500]).toEqual([row.operationId, true]);
    },
  );
  await fc.assert(once500, { numRuns: 1500 });
}, 120_000);
