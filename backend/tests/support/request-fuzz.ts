import type { Random } from '../crash/random.js';
import type { HttpClient } from './http-client.js';
import { SchemaValues, type JsonSchema } from './schema-values.js';

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

export interface FuzzDeps {
  http: HttpClient;
  random: Random;
  /** Things that are there, or could be: ids, numbers, words of the API. */
  words: readonly string[];
  /** Headers by caller; one named `root` may see everything. */
  callers: Record<string, Record<string, string>>;
  /** Headers of who reads the document. */
  reader: Record<string, string>;
  /** In all texts of the victim, and in no answer to anybody but root. */
  mark: string;
}

/** Answers of 500 and more that tell of a server which the request named. */
const OF_OTHERS = new Set(['PROXY_UNREACHABLE', 'PROXY_REFUSED']);

/** They stop what is tested, or what it is tested with; the matrix calls them. */
const NOT_AS_ROOT = new Set(['restart', 'initialize', 'selfTest', 'revokeApiKey', 'rotateApiKey', 'deleteConnection']);

/** Half surrogates and control characters have no place in a header or URL that a client could send. */
const asText = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, 300);
const inUrl = (value: unknown) => encodeURIComponent(asText(value).replace(/\p{Surrogate}/gu, '�'));
const inHeader = (value: unknown) =>
  asText(value)
    .replace(/[^\x20-\x7e]/g, '?')
    .trim();

/** Sends requests made from the gateway's own OpenAPI document, by callers with and without rights. */
export class RequestFuzz {
  /** Answers by status. */
  readonly counts: Record<number, number> = {};

  private constructor(
    private readonly deps: FuzzDeps,
    private readonly operations: Operation[],
    private readonly schemas: Record<string, JsonSchema>,
  ) {}

  static async prepare(deps: FuzzDeps): Promise<RequestFuzz> {
    type Document = {
      paths: Record<string, Record<string, Operation>>;
      components: { schemas: Record<string, JsonSchema> };
    };
    const { body } = await deps.http.get<Document>('/openapi.json', deps.reader);
    const operations = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method })),
    );
    return new RequestFuzz(deps, operations, body.components.schemas);
  }

  /** @returns the problems: answers of 500 and more, and texts of the victim that somebody else was told */
  async send(requests: number, atOnce = 8): Promise<string[]> {
    const problems: string[] = [];
    for (let sent = 0; sent < requests; sent += atOnce) {
      const batch = Array.from({ length: atOnce }, () => this.#one(this.deps.random.pick(this.operations)));
      problems.push(...(await Promise.all(batch)).filter((problem) => problem !== null));
    }
    return problems;
  }

  async #one(operation: Operation): Promise<string | null> {
    const { random, words, callers, mark, http } = this.deps;
    const values = new SchemaValues({ random, schemas: this.schemas, words });
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
    const answer = await http.request<unknown>(operation.method.toUpperCase(), `${path}?${query.join('&')}`, {
      headers: {
        ...Object.fromEntries(part('header').map(([name, value]) => [name, inHeader(value)])),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...callers[caller],
      },
      ...(body === null ? {} : { body }),
    });
    const told = answer.bytes.toString();
    const leaks = caller !== 'root' && told.includes(mark);
    this.counts[answer.status] = (this.counts[answer.status] ?? 0) + 1;
    if (!leaks && (answer.status < 500 || OF_OTHERS.has(answer.body?.error?.code ?? ''))) return null;
    return `${leaks ? 'LEAK' : answer.status} ${caller}: ${operation.method} ${path}?${query.join('&')} ${body} → ${told}`;
  }
}
