import { Readable } from 'node:stream';
import type { AtendimentosPort } from '../ports.js';
import { ok, route, type Route } from '../route.js';
import * as schema from '../schemas/atendimentos.js';
import { pageBothWays, pageQuery } from '../schemas/common.js';

const BASE = '/api/whatsapp-integration/atendimentos';
const READ_ERRORS = ['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'SCHEMA_OUTDATED', 'DEADLINE_EXCEEDED'] as const;
const facts = { tag: 'atendimentos', access: 'read' } as const;

/** Find, read, count and export atendimentos. What is done with one is in `atendimentoActionRoutes`. */
export function atendimentoRoutes(atendimentos: AtendimentosPort): Route[] {
  return [
    route({
      ...facts,
      method: 'get',
      path: BASE,
      operationId: 'listAtendimentos',
      summary: 'Atendimentos by status, agent, connection, text and period; the latest message first',
      input: { query: schema.listQuery },
      replies: {
        200: { description: 'One page of rows of `whatsapp_atendimentos`.', schema: pageBothWays(schema.atendimento) },
      },
      errors: READ_ERRORS,
      handle: async ({ query: { limit, cursor, connectionId: sessao, ...filter } }, { scope }) =>
        ok(await atendimentos.list({ ...filter, sessao }, { limit, cursor }, scope)),
    }),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/unread`,
      operationId: 'countUnread',
      summary: 'How many atendimentos are open, and their unread messages',
      input: { query: schema.unreadQuery },
      replies: {
        200: { description: 'Sums, and the same by connection, status and agent.', schema: schema.unreadReply },
      },
      errors: READ_ERRORS,
      handle: async ({ query: { atendenteId, connectionId: sessao } }, { scope }) =>
        ok(await atendimentos.unread({ atendenteId, sessao }, scope)),
    }),
    ...oneAtendimentoRoutes(atendimentos),
  ];
}

function oneAtendimentoRoutes(atendimentos: AtendimentosPort): Route[] {
  const one = { ...facts, errors: ['ATENDIMENTO_NOT_FOUND', ...READ_ERRORS] } as const;
  const params = schema.atendimentoParams;
  return [
    route({
      ...one,
      method: 'get',
      path: `${BASE}/:id`,
      operationId: 'getAtendimento',
      summary: 'One atendimento, or the one it was merged into',
      input: { params },
      replies: { 200: { description: 'The row.', schema: schema.atendimentoReply } },
      handle: async ({ params: { id } }, { scope }) => ok({ atendimento: await atendimentos.get(id, scope) }),
    }),
    route({
      ...one,
      method: 'get',
      path: `${BASE}/:id/events`,
      operationId: 'listAtendimentoEvents',
      summary: 'Notes, transfers and everything else that was done with it, oldest first',
      input: { params, query: pageQuery },
      replies: {
        200: {
          description: 'One page of rows of `whatsapp_atendimento_eventos`.',
          schema: pageBothWays(schema.evento),
        },
      },
      handle: async ({ params: { id }, query }, { scope }) => ok(await atendimentos.events(id, query, scope)),
    }),
    exportRoute(atendimentos),
  ];
}

const TYPES = { json: 'application/json', csv: 'text/csv; charset=utf-8', txt: 'text/plain; charset=utf-8' } as const;

function exportRoute(atendimentos: AtendimentosPort): Route {
  return route({
    ...facts,
    method: 'get',
    path: `${BASE}/:id/export`,
    operationId: 'exportAtendimento',
    summary: 'The whole conversation as JSON, CSV or text',
    input: { params: schema.atendimentoParams, query: schema.exportQuery },
    replies: {
      200: {
        description: 'A file, sent while it is read.',
        schema: schema.exportReply,
        media: ['text/csv', 'text/plain'],
      },
    },
    errors: ['ATENDIMENTO_NOT_FOUND', ...READ_ERRORS],
    handle: async ({ params: { id }, query: { format, fuso } }, { scope }) => ({
      status: 200,
      type: TYPES[format],
      headers: { 'Content-Disposition': `attachment; filename="atendimento-${id}.${format}"` },
      body: Readable.from(await atendimentos.export(id, { format, fuso }, scope)),
    }),
  });
}
