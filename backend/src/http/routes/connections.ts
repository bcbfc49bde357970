import { z } from 'zod';
import type { IntegrationPort } from '../ports.js';
import { ofParties } from '../of-parties.js';
import { ok, route, type Reply, type Route } from '../route.js';
import { connectionId, page, success } from '../schemas/common.js';
import { changeConnectionBody } from '../schemas/connection-settings.js';
import * as schema from '../schemas/connections.js';
import { QR_TYPES, renderQr } from './render-qr.js';

const BASE = '/api/whatsapp-integration/connections';
const params = z.object({ id: connectionId });
const PROXY_ERRORS = ['PROXY_UNREACHABLE', 'PROXY_REFUSED', 'FORBIDDEN_DESTINATION'] as const;
const facts = { tag: 'connections' } as const;

/** Create, list, show, link and forget WhatsApp connections. */
export function connectionRoutes(integration: IntegrationPort): Route[] {
  return [
    route({
      ...facts,
      method: 'post',
      path: BASE,
      access: 'manage',
      operationId: 'createConnection',
      summary: 'Create a connection and start it',
      input: { body: schema.createConnectionBody },
      replies: {
        200: { description: 'It was there already.', schema: schema.connectionReply },
        201: { description: 'Created.', schema: schema.connectionReply },
      },
      errors: ['CONNECTION_TAKEN', 'CONNECTION_LIMIT', 'REMOTE_NOT_CONFIGURED', 'WRONG_DRIVER', ...PROXY_ERRORS],
      handle: async ({ body }, { scope }) => {
        const { connection, created } = await integration.createConnection(ofParties(body), scope);
        return { ...ok({ connection }), status: created ? 201 : 200 };
      },
    }),
    route({
      ...facts,
      method: 'get',
      path: BASE,
      access: 'read',
      operationId: 'listConnections',
      summary: 'All connections',
      input: {},
      replies: { 200: { description: 'All of them on one page.', schema: page(schema.connection) } },
      errors: [],
      handle: async (_input, { scope }) => ok({ data: await integration.listConnections(scope), nextCursor: null }),
    }),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/:id`,
      access: 'read',
      operationId: 'getConnection',
      summary: 'State of one connection, and what to do about it',
      input: { params },
      replies: { 200: { description: 'The connection.', schema: schema.connectionDataReply } },
      errors: ['CONNECTION_NOT_FOUND'],
      handle: async ({ params: { id } }, { scope }) => ok({ data: await integration.getConnection(id, scope) }),
    }),
    route({
      ...facts,
      method: 'patch',
      path: `${BASE}/:id`,
      access: 'manage',
      operationId: 'changeConnection',
      summary: 'Change settings of a connection, from the next event on, or its proxy, at once',
      input: { params, body: changeConnectionBody },
      replies: { 200: { description: 'The connection.', schema: schema.connectionDataReply } },
      errors: ['CONNECTION_NOT_FOUND', 'WRONG_DRIVER', ...PROXY_ERRORS],
      handle: async ({ params: { id }, body }, { scope }) =>
        ok({ data: await integration.changeConnection(id, body, scope) }),
    }),
    route({
      ...facts,
      method: 'delete',
      path: `${BASE}/:id`,
      access: 'manage',
      operationId: 'deleteConnection',
      summary: 'Log out and forget a connection',
      input: { params },
      replies: { 200: { description: 'Forgotten.', schema: success } },
      errors: ['CONNECTION_NOT_FOUND'],
      handle: async ({ params: { id } }, { scope }) => {
        await integration.deleteConnection(id, scope);
        return ok({});
      },
    }),
    ...linkingRoutes(integration),
  ];
}

/** Whoever can call these can take the connection over. */
function linkingRoutes(integration: IntegrationPort): Route[] {
  return [
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/:id/qr`,
      access: 'manage',
      operationId: 'getQr',
      summary: 'The QR code to scan now, as JSON, PNG or SVG (by Accept or ?format=)',
      input: { params, query: schema.qrQuery },
      replies: {
        200: { description: 'The current code.', schema: schema.qrReply, media: [QR_TYPES.png, QR_TYPES.svg] },
      },
      errors: ['CONNECTION_NOT_FOUND', 'NO_QR', 'ALREADY_PAIRED', 'REMOTE_UNAVAILABLE', 'REMOTE_REFUSED'],
      handle: async ({ params: { id }, query }, caller): Promise<Reply> => {
        const qr = await integration.getQr(id, caller.scope);
        const type = query.format ? QR_TYPES[query.format] : caller.prefers(Object.values(QR_TYPES));
        return renderQr(qr, type);
      },
    }),
    route({
      ...facts,
      method: 'post',
      path: `${BASE}/:id/pairing-code`,
      access: 'manage',
      operationId: 'requestPairingCode',
      summary: 'A code to type on the phone instead of scanning a QR code',
      input: { params, body: schema.pairingCodeBody },
      replies: { 200: { description: 'The code.', schema: schema.pairingCodeReply } },
      errors: ['CONNECTION_NOT_FOUND', 'ALREADY_PAIRED', 'NOT_CONNECTED', 'PAIRING_FAILED', 'DEADLINE_EXCEEDED'],
      handle: async ({ params: { id }, body }, { scope }) =>
        ok(await integration.requestPairingCode(id, body.phoneNumber, scope)),
    }),
  ];
}
