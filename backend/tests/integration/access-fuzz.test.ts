import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from '@jest/globals';
import { Random } from '../crash/random.js';
import { anApiKey, as, ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';
import { aGateway, CONNECTIONS } from '../support/gateway.js';
import { SchemaValues, type JsonSchema } from '../support/schema-values.js';

/** `npm run test:fuzz` sends 10,000; the suite a few. A seed repeats its requests. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 400);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const AT_ONCE = 8;

const gateway = aGateway({ API_KEY: ROOT_KEY, MAX_CONNECTIONS: '4' });
/** In all texts of the victim, and in no answer to anybody else. */
const MARK = `segredo-${randomUUID()}`;
const victim = randomUUID();
const words: string[] = ['vitima', 'minha', 'text', 'png', '5511988887777', '5511988887777@s.whatsapp.net', 'read'];
const callers: Record<string, Record<string, string>> = { stranger: {}, wrong: as('wrong') };

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema: JsonSchema;
}
interface Operation {
  operationId: string;
  method: string;
  path: string;
  parameters?: Parameter[];
  requestBody?: { content: { 'application/json': { schema: JsonSchema } } };
}
let operations: Operation[] = [];
let schemas: Record<string, JsonSchema> = {};

/** They stop what is tested, or what it is tested with; the matrix calls them. */
const NOT_AS_ROOT = new Set(['restart', 'initialize', 'selfTest', 'revokeApiKey', 'rotateApiKey', 'deleteConnection']);

beforeAll(async () => {
  const other = { ownerId: randomUUID() };
  const mine = await anApiKey(gateway, other);
  callers['other'] = as(mine.key);
  callers['other, read only'] = as((await anApiKey(gateway, { ...other, grants: ['read'] })).key);
  callers['other, one connection'] = as((await anApiKey(gateway, { ...other, connectionIds: ['minha'] })).key);
  callers['user'] = as(aUserToken(gateway.database.jwtSecret, randomUUID()));
  callers['root'] = as(ROOT_KEY);
  const secret = await anApiKey(gateway, { ownerId: victim, name: MARK, grants: ['read'] });
  await gateway.http.post(CONNECTIONS, { connectionId: 'vitima', ownerId: victim, name: MARK }, as(ROOT_KEY));
  await gateway.http.post(CONNECTIONS, { connectionId: 'minha' }, as(mine.key));
  const session = aSession({ owner_id: victim });
  const message = aMessage(session.sessao, aPerson(), { conteudo: MARK });
  const [, opened] = await gateway.database.service.registrarEventos([session, message]);
  words.push(
    victim,
    other.ownerId,
    secret.apiKey.id,
    opened?.atendimento_id ?? '',
    message.whatsapp_id,
    session.sessao,
  );
  await readDocument();
}, 60_000);

async function readDocument(): Promise<void> {
  type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: typeof schemas } };
  const { body } = await gateway.http.get<Document>('/openapi.json', as(ROOT_KEY));
  schemas = body.components.schemas;
  operations = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method })),
  );
}

/** Half surrogates and control characters have no place in a header or URL that a client could send. */
const inUrl = (value: unknown) => encodeURIComponent(asText(value).replace(/\p{Surrogate}/gu, '\ufffd'));
const inHeader = (value: unknown) =>
  asText(value)
    .replace(/[^\x20-\x7e]/g, '?')
    .trim();
const asText = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, 300);

async function one(operation: Operation, random: Random): Promise<string | null> {
  const values = new SchemaValues({ random, schemas, words });
  const picked = random.pick(Object.keys(callers));
  const caller = picked === 'root' && NOT_AS_ROOT.has(operation.operationId) ? 'other' : picked;
  const part = (where: Parameter['in']) =>
    (operation.parameters ?? [])
      .filter((parameter) => parameter.in === where && (where === 'path' || random.chance(0.6)))
      .map(({ name, schema }) => [name, random.chance(0.5) ? values.of(schema) : values.text()] as const);
  const path = part('path').reduce(
    (text, [name, value]) => text.replace(`{${name}}`, inUrl(value) || 'x'),
    operation.path,
  );
  const query = part('query').map(([name, value]) => `${name}=${inUrl(value)}`);
  // Nobody waits for an acknowledgement here.
  if (operation.operationId.startsWith('send')) query.push('wait=0');
  const schema = operation.requestBody?.content['application/json'].schema;
  const body = schema ? JSON.stringify(values.of(schema)) : null;
  const answer = await gateway.http.request<unknown>(operation.method.toUpperCase(), `${path}?${query.join('&')}`, {
    headers: {
      ...Object.fromEntries(part('header').map(([name, value]) => [name, inHeader(value)])),
      ...(body === null ? {} : { 'content-type': 'application/json' }),
      ...callers[caller],
    },
    ...(body === null ? {} : { body }),
  });
  const told = answer.bytes.toString();
  const leaks = caller !== 'root' && told.includes(MARK);
  const isOurFault = answer.status >= 500;
  counts[answer.status] = (counts[answer.status] ?? 0) + 1;
  if (!leaks && !isOurFault) return null;
  return `${leaks ? 'LEAK' : answer.status} ${caller}: ${operation.method} ${path}?${query.join('&')} ${body} → ${told}`;
}
const counts: Record<number, number> = {};

test(
  `${REQUESTS} requests made from our own OpenAPI document: no fault is ours, nothing of another owner is told`,
  async () => {
    const random = new Random(SEED);
    const problems: string[] = [];
    for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, () => one(random.pick(operations), random));
      problems.push(...(await Promise.all(batch)).filter((problem) => problem !== null));
    }
    if (REQUESTS > 1000) process.stdout.write(`seed ${SEED}, answers by status: ${JSON.stringify(counts)}\n`);
    expect({ seed: SEED, problems: problems.slice(0, 10) }).toEqual({ seed: SEED, problems: [] });
  },
  30_000 + REQUESTS * 50,
);
