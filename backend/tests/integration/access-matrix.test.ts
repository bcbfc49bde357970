import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Access, Route } from '../../src/http/route.js';
import { allRoutes } from '../../src/http/create-http-app.js';
import { anApiKey, as, ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';
import { aGateway, CONNECTIONS } from '../support/gateway.js';
import type { Answer } from '../support/http-client.js';
import { ROUTE_CALLS, type Belongings, type RouteCall } from '../support/route-calls.js';
import { scriptedPorts } from '../unit/http/scripted-gateway.js';

const gateway = aGateway({ API_KEY: ROOT_KEY });
const SCHEDULED = '/api/whatsapp-integration/scheduled-messages';
const TEMPLATES = '/api/whatsapp-integration/templates';
const WEBHOOKS = '/api/whatsapp-bootstrap/webhooks';
/** In everything that is ours, and in no answer to anybody else. */
const MARK = `segredo-${randomUUID()}`;
const owner = randomUUID();
const ours = {
  connectionId: 'matriz',
  atendimentoId: '',
  messageId: '',
  apiKeyId: '',
  webhookId: '',
  scheduledId: '',
  templateId: '',
} satisfies Belongings;
const keys = { right: '', readOnly: '', other: '' };

beforeAll(async () => {
  keys.right = (await anApiKey(gateway, { ownerId: owner })).key;
  keys.readOnly = (await anApiKey(gateway, { ownerId: owner, grants: ['read'] })).key;
  keys.other = (await anApiKey(gateway, { ownerId: randomUUID() })).key;
  const session = aSession({ owner_id: owner });
  const message = aMessage(session.sessao, aPerson(), { conteudo: MARK });
  const [, opened] = await gateway.database.service.registrarEventos([session, message]);
  ours.atendimentoId = opened?.atendimento_id ?? '';
  ours.messageId = opened?.mensagem_id ?? '';
  await ourFile(session.sessao);
});

/** The message has a file whose bytes are the mark. */
async function ourFile(sessao: string): Promise<void> {
  const caminho = `${owner}/${sessao}/2026/01/${ours.messageId}.txt`;
  const file = join(gateway.dataDir, 'media', caminho);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, MARK);
  const url = `/api/whatsapp-integration/messages/${ours.messageId}/media`;
  const about = { midia_tipo: 'text/plain', midia_nome: null, midia_tamanho: MARK.length, midia_url: url, erro: null };
  await gateway.database.service.registrarEventos([
    { op: 'midia', sessao, mensagem_id: ours.messageId, midia_caminho: caminho, ...about },
  ]);
}

beforeEach(async () => {
  // Made again by whoever comes after the test that has removed it.
  await gateway.http.post(CONNECTIONS, { connectionId: ours.connectionId, name: MARK }, as(keys.right));
  const anotherKey = anApiKey(gateway, { name: MARK, ownerId: owner, grants: ['read'] });
  const made = await Promise.all([anotherKey, ourWebhook(), ourScheduled(), ourTemplate()]);
  ours.apiKeyId = made[0].apiKey.id;
  [, ours.webhookId, ours.scheduledId, ours.templateId] = made;
});

/** One of ours, for a time that these tests do not reach. */
async function ourScheduled(): Promise<string> {
  const sendAt = new Date(Date.now() + 86_400_000).toISOString();
  const wanted = { connectionId: ours.connectionId, to: '5511988887777', content: MARK, sendAt };
  const answer = await gateway.http.post<{ agendamento: { id: string } }>(SCHEDULED, wanted, as(keys.right));
  return answer.body.agendamento.id;
}

async function ourTemplate(): Promise<string> {
  const wanted = { nome: randomUUID(), texto: MARK };
  return (await gateway.http.post<{ modelo: { id: string } }>(TEMPLATES, wanted, as(keys.right))).body.modelo.id;
}

/** Ours, or a new one when a call has deleted it. It is told nothing: what it would be told does not happen here. */
async function ourWebhook(): Promise<string> {
  const { body: all } = await gateway.http.get<{ data: { id: string }[] }>(WEBHOOKS, as(keys.right));
  if (all.data[0]) return all.data[0].id;
  const wanted = { name: MARK, url: 'https://example.com/hook', events: ['messageStatus'] };
  return (await gateway.http.post<{ webhook: { id: string } }>(WEBHOOKS, wanted, as(keys.right))).body.webhook.id;
}

async function call(row: Route, { params = {}, query = '', body }: RouteCall, headers: Record<string, string>) {
  const path = row.path.replace(/\{[^}]*\}/g, '').replace(/:(\w+)/g, (_, name: string) => params[name] ?? `no-${name}`);
  const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  return gateway.http.request<unknown>(row.method.toUpperCase(), path + query, {
    headers: { ...json, ...headers },
    ...text,
  });
}

const readable: Access[] = ['public', 'docs', 'read'];
const keyless: Access[] = ['public', 'docs'];

/** Who has nothing to do with ours is refused, told that there is no such thing, or shown something else. */
function expectNothingOfOurs(row: Route, planned: RouteCall, answer: Answer<unknown>): void {
  expect(answer.bytes.toString()).not.toContain(MARK);
  expect(answer.bytes.toString()).not.toContain(owner);
  if (row.access === 'root') expect(answer.status).toBe(403);
  else if (planned.foreign === '404') expect(answer.status).toBe(404);
  else expect(answer.status).toBeLessThan(500);
}

test.each(allRoutes(scriptedPorts()).map((row) => [`${row.method.toUpperCase()} ${row.path}`, row] as const))(
  '%s is for whom it says, and for nobody else',
  async (_name, row) => {
    const plan = ROUTE_CALLS[row.operationId];
    if (!plan) throw new Error(`${row.operationId} has no entry in tests/support/route-calls.ts`);
    const planned = plan(ours);
    const wrong = [as('wrong'), { 'x-api-key': `${ROOT_KEY}x` }, as(keys.right.slice(0, -1)), as('a.b.c')];
    const asNobody = async (headers: Record<string, string>) => {
      const { status } = await call(row, planned, headers);
      if (keyless.includes(row.access)) expect(planned.right).toContain(status);
      else expect([headers, status]).toEqual([headers, 401]);
    };
    await Promise.all([{}, ...wrong].map(asNobody));
    const userToken = aUserToken(gateway.database.jwtSecret, randomUUID());
    if (!keyless.includes(row.access)) {
      expectNothingOfOurs(row, planned, await call(row, planned, as(keys.other)));
      expectNothingOfOurs(row, planned, await call(row, planned, as(userToken)));
    }
    const seen = await call(row, planned, as(keys.readOnly));
    if (readable.includes(row.access)) expect(planned.right).toContain(seen.status);
    else expect(seen.status).toBe(403);
    // Nobody has changed or removed what is ours.
    const kept = await gateway.http.get<{ data: { name: string } }>(
      `${CONNECTIONS}/${ours.connectionId}`,
      as(keys.right),
    );
    expect([kept.status, kept.body.data.name]).toEqual([200, MARK]);
    const done = await call(row, planned, as(row.access === 'root' ? ROOT_KEY : keys.right));
    expect(planned.right).toContain(done.status);
  },
);

test('every entry of the matrix is a route', () => {
  const there = new Set(allRoutes(scriptedPorts()).map(({ operationId }) => operationId));
  expect(Object.keys(ROUTE_CALLS).filter((operationId) => !there.has(operationId))).toEqual([]);
});

test('HEAD and unknown methods open no way around', async () => {
  for (const method of ['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const { status, bytes } = await gateway.http.request(method, CONNECTIONS);
    expect([method, status === 401 || status === 405 || status === 204]).toEqual([method, true]);
    expect(bytes.toString()).not.toContain(MARK);
  }
});
