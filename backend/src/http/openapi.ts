import { VERSION } from '../lib/version.js';
import { describeWebhooks } from './describe-webhooks.js';
import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../lib/errors.js';
import { EXAMPLES } from './examples.js';
import type { Access, Route } from './route.js';
import { errorBody } from './schemas/common.js';

type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;
type Responses = RouteConfig['responses'];

/** What any route can answer, and what only those that read something or have a body. */
const ALWAYS: ErrorCode[] = ['FORBIDDEN_HOST', 'RATE_LIMITED', 'INTERNAL', 'DEADLINE_EXCEEDED'];
const WITH_INPUT: ErrorCode[] = ['BAD_REQUEST'];
const WITH_BODY: ErrorCode[] = ['MALFORMED_JSON', 'BODY_NOT_UTF8', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];
const WITH_KEY: ErrorCode[] = ['UNAUTHORIZED', 'FORBIDDEN', 'SIGN_IN_UNAVAILABLE'];

/** OpenAPI 3.1 of the very table and schemas that requests are served and checked with. */
export function openApiDocument(routes: Route[]): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('securitySchemes', 'apiKey', { type: 'apiKey', in: 'header', name: 'x-api-key' });
  for (const row of routes) registry.registerPath(describe(row));
  describeWebhooks(registry);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Sentinela',
      version: VERSION,
      description: 'WhatsApp gateway. Failures: `{ success: false, error: { code, message, details } }`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
  });
}

/** What a reader of the document has to know about each access. */
const ACCESS_TEXT: Record<Access, string> = {
  public: 'Needs no key.',
  docs: 'Needs a key with `read`, but for programs on the same machine.',
  read: 'Needs a key with `read`.',
  send: 'Needs a key with `send`.',
  manage: 'Needs a key with `manage`.',
  root: 'Needs the root key.',
};

function describe(row: Route): RouteConfig {
  const { query, headers, body } = row.input;
  const { path, params } = withoutOptional(row);
  return {
    method: row.method,
    path: path.replace(/:(\w+)/g, '{$1}'),
    operationId: row.operationId,
    tags: [row.tag],
    summary: row.summary,
    description: ACCESS_TEXT[row.access],
    security: row.access === 'public' ? [] : [{ bearer: [] }, { apiKey: [] }],
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(headers && { headers }),
      ...(body && { body: { required: row.optionalBody !== true, content: bodyContent(row, body) } }),
    },
    responses: { ...errorResponses(row), ...successResponses(row) },
  };
}

/** OpenAPI knows no optional parts of a path (`{/:event}`): they are left out. */
function withoutOptional({ path, input: { params } }: Route) {
  const plain = path.replace(/\{[^{}]*\}/g, '');
  if (plain === path || !params) return { path, params };
  const kept = Object.entries(params.shape as z.ZodRawShape).filter(([name]) => plain.includes(`:${name}`));
  return { path: plain, params: kept.length > 0 ? z.object(Object.fromEntries(kept)) : undefined };
}

/** A form has the same fields, and one file beside them. */
function bodyContent({ upload, operationId }: Route, body: z.ZodObject) {
  const given = Object.entries(EXAMPLES[operationId] ?? {}).map(([name, value]) => [name, { value }] as const);
  const examples = given.length > 0 ? { examples: Object.fromEntries(given) } : {};
  const json = { 'application/json': { schema: body, ...examples } };
  if (!upload) return json;
  const description = 'The fields of the JSON body as form fields, and one file.';
  const properties = { file: { type: 'string' as const, format: 'binary' } };
  return { ...json, 'multipart/form-data': { schema: { type: 'object' as const, description, properties } } };
}

function successResponses(row: Route): Responses {
  const entries = Object.entries(row.replies).map(([status, { description, schema, media = [] }]) => {
    const others = media.map((type) => [type, { schema: { type: 'string', format: 'binary' } }] as const);
    const content = { ...(schema && { 'application/json': { schema } }), ...Object.fromEntries(others) };
    return [status, { description, content }] as const;
  });
  return Object.fromEntries(entries);
}

/** One answer a status, its description naming each code. */
function errorResponses(row: Route): Responses {
  const codes = new Set([
    ...ALWAYS,
    ...(Object.keys(row.input).length > 0 ? WITH_INPUT : []),
    ...WITH_BODY,
    ...(row.access === 'public' ? [] : WITH_KEY),
    ...row.errors,
  ]);
  const byStatus: Record<number, string[]> = {};
  for (const code of codes) (byStatus[ERRORS[code].status] ??= []).push(`\`${code}\`: ${ERRORS[code].message}`);
  const content = { 'application/json': { schema: errorBody } };
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, lines]) => [status, { description: lines.join('\n\n'), content }]),
  );
}
