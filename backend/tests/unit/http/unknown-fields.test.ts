import { describe, expect, test } from '@jest/globals';
import { allRoutes } from '../../../src/http/create-http-app.js';
import type { Route } from '../../../src/http/route.js';
import { ROUTE_CALLS } from '../../support/route-calls.js';
import { anApp, scriptedPorts, UUID } from './scripted-gateway.js';

const { http } = anApp();
interface Refusal {
  message: string;
  details: { field: string; problem: string }[];
}
const errorOf = ({ body }: { body: unknown }) => (body as { error: Refusal }).error;

const SEND = '/api/whatsapp-integration/messages/send';
const OURS = { connectionId: 'c1', atendimentoId: UUID, messageId: UUID, apiKeyId: UUID, webhookId: UUID };
const planOf = ({ operationId }: Route) => ROUTE_CALLS[operationId]!({ ...OURS, scheduledId: UUID, templateId: UUID });

function call(row: Route, query: string, body: object | undefined) {
  const { params = {} } = planOf(row);
  const path = row.path
    .replace(/\{([^}]*)\}/g, (_, part: string) => (params[part.slice(2)] ? part : ''))
    .replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? UUID));
  const request = http[row.method](path + query);
  return body === undefined ? request : request.send(body);
}

const rows = allRoutes(scriptedPorts()).map((row) => [row.operationId, row] as const);
const ours = rows.filter(([, row]) => row.unknownFields !== 'ignored');
const facades = rows.filter(([, row]) => row.unknownFields === 'ignored');

describe.each(ours)('%s refuses what it would pass over', (_name, row) => {
  test('a field of the body', async () => {
    const { query = '', body } = planOf(row);
    const answer = await call(row, query, { ...(body as object), xyzzyplugh: 1 });
    expect([answer.status, errorOf(answer)?.details]).toEqual([
      400,
      expect.arrayContaining([{ field: 'body.xyzzyplugh', problem: 'must be left out: this route has no such field' }]),
    ]);
  });

  test('a parameter of the URL', async () => {
    if (row.access === 'public' || (row.access === 'docs' && !row.input.query)) return;
    const { query = '', body } = planOf(row);
    const { status, text } = await call(row, `${query}${query ? '&' : '?'}xyzzyplugh=1`, body as object | undefined);
    expect([status, text]).toEqual([400, expect.stringContaining('query.xyzzyplugh must be left out')]);
  });
});

test.each(facades)('%s, made for the clients of another gateway, passes over it', async (_name, row) => {
  const { query = '', body } = planOf(row);
  const { text } = await call(row, query, { ...(body as object), xyzzyplugh: 1 });
  expect(text).not.toContain('xyzzyplugh');
});

describe('the likely field is named', () => {
  const aSend = { connectionId: 'c1', to: '5511999999999', content: 'oi' };
  test.each([
    [{ replyto: 'A' }, 'replyto', 'replyTo'],
    [{ reply_to: 'A' }, 'reply_to', 'replyTo'],
    [{ 'reply-to': 'A' }, 'reply-to', 'replyTo'],
    [{ mention: [] }, 'mention', 'mentions'],
    [{ contnet: 'a' }, 'contnet', 'content'],
    [{ tipe: 'text' }, 'tipe', 'type'],
    [{ media: 'https://a' }, 'media', 'mediaUrl'],
    [{ filename: 'a' }, 'filename', 'fileName'],
    [{ text: 'outra' }, 'text', 'content'],
    [{ number: '1' }, 'number', 'to'],
    [{ message: { conversation: 'a' } }, 'message', 'content'],
    [{ location: { latitude: 1, longitude: 1, nome: 'x' } }, 'location.nome', 'name'],
    [{ contacts: [{ name: 'a', numbers: ['1'], organisation: 'x' }] }, 'contacts.0.organisation', 'organization'],
  ])('%j', async (more, field, likely) => {
    const answer = await http.post(SEND).send({ ...aSend, ...more });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).details).toContainEqual({
      field: `body.${field}`,
      problem: `must be left out: there is no such field, did you mean \`${likely}\`?`,
    });
  });

  test('of parameters, too', async () => {
    const answer = await http.get('/api/whatsapp-integration/atendimentos?Limit=5&cursr=x');
    expect(errorOf(answer).message).toMatch(/query\.Limit .*`limit`.*query\.cursr .*`cursor`/);
  });

  test('at most ten, and only the head of a long name', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x${index}`.padEnd(500, 'y'), 1]));
    const answer = await http.post(SEND).send({ ...aSend, ...many, 'a\nb': 1 });
    expect(errorOf(answer).details).toHaveLength(10);
    expect(errorOf(answer).message.length).toBeLessThan(2000);
  });
});

describe('names that people type by habit are taken', () => {
  test.each(['text', 'message', 'body'])('%s for content, number for to', async (name) => {
    const { status } = await http.post(SEND).send({ connectionId: 'c1', number: '5511999999999', [name]: 'oi' });
    expect(status).toBe(201);
  });

  test('never beside the field itself', async () => {
    const { status, text } = await http.post(SEND).send({ connectionId: 'c1', to: '1', number: '2', content: 'oi' });
    expect([status, text]).toEqual([400, expect.stringContaining('body.number must be left out')]);
  });

  test('and never for what the type does not say', async () => {
    const body = { connectionId: 'c1', to: '5511999999999', type: 'image', mediaUrl: 'https://a.b/c', text: 'oi' };
    const { status, text } = await http.post(SEND).send(body);
    expect([status, text]).toEqual([400, expect.stringContaining('did you mean `caption`?')]);
  });
});

test.each([
  [{}, 'body.connectionId is missing'],
  [{ connectionId: 'c1', content: 'a' }, 'body.to is missing: type text needs it'],
  [{ connectionId: 'c1', to: '1' }, 'body.content is missing: type text needs it'],
  [{ connectionId: 'c1', to: '1', type: 'location', location: { latitude: 1 } }, 'body.location.longitude is missing'],
  [{ connectionId: null, to: '1', content: 'a' }, 'body.connectionId must be a string'],
])('what is absent from %j is missing, not of a wrong type', async (body, message) => {
  const answer = await http.post(SEND).send(body);
  expect([answer.status, errorOf(answer).message]).toEqual([400, expect.stringContaining(message)]);
});

test.each([
  ['text', { mediaUrl: 'https://a.b/c' }],
  ['location', { location: { latitude: 1, longitude: 1 }, poll: { question: 'a', options: ['b', 'c'] } }],
  ['poll', { poll: { question: 'a', options: ['b', 'c'] }, emoji: '👍' }],
  ['delete', { messageId: 'A', replyTo: 'B' }],
  ['reaction', { messageId: 'A', emoji: '👍', mentions: ['5511999999999'] }],
])('a field of another type than %s is refused', async (type, more) => {
  const content = type === 'text' ? { content: 'a' } : {};
  const { status, text } = await http.post(SEND).send({ connectionId: 'c1', to: '1', type, ...content, ...more });
  expect([status, text]).toEqual([400, expect.stringContaining(`must be absent for type ${type}`)]);
});
