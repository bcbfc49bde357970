import { z } from 'zod';
import type { IssuedApiKey } from '../../access/api-keys.js';
import type { ConnectionResource, Scope } from '../../integration/resources.js';
import { GatewayError, isGatewayError } from '../../lib/errors.js';
import { evolutionState } from '../../lib/evolution-words.js';
import { route, type Reply, type Route } from '../route.js';
import { connectionId } from '../schemas/common.js';
import { anything, evolutionFacts as facts, instanceParams } from './facts.js';
import { connectionStateOf, instanceRow } from './instance-shape.js';
import type { EvolutionPorts } from './port.js';
import { findWebhook, setWebhook, webhookFields } from './webhook-shape.js';

const phoneNumber = z.string().min(1).max(64);

const createBody = z
  .looseObject({
    instanceName: connectionId,
    integration: z
      .literal('WHATSAPP-BAILEYS')
      .default('WHATSAPP-BAILEYS')
      .meta({ description: 'Other integrations are not offered.' }),
    number: phoneNumber.optional().meta({ description: 'Also answers a pairing code for this number.' }),
    qrcode: z.boolean().default(false).meta({ description: 'Wait for the QR code and answer it.' }),
    webhook: webhookFields.optional(),
  })
  .meta({ id: 'EvolutionCreateInstance' });

/** Create, link, restart and forget instances: our connections, as Evolution API's clients know them. */
export function instanceRoutes(ports: EvolutionPorts): Route[] {
  return [createRoute(ports), connectRoute(ports), ...stateRoutes(ports), ...commandRoutes(ports)];
}

function createRoute(ports: EvolutionPorts): Route {
  return route({
    ...facts,
    method: 'post',
    path: '/instance/create',
    access: 'manage',
    operationId: 'evolutionCreateInstance',
    summary: 'Create an instance and start it; settings of Evolution that we have no use for are passed over',
    input: { body: createBody },
    replies: { 201: { description: 'The instance; `hash` is a key for it alone.', schema: anything } },
    errors: ['CONNECTION_TAKEN', 'CONNECTION_LIMIT', 'FORBIDDEN_DESTINATION'],
    handle: async ({ body }, { scope }): Promise<Reply> => {
      const { connection, created } = await ports.integration.createConnection(
        { connectionId: body.instanceName },
        scope,
      );
      if (!created) throw new GatewayError('CONNECTION_TAKEN', `This name "${body.instanceName}" is already in use.`);
      try {
        return { status: 201, body: await equip(ports, connection, body, scope) };
      } catch (error) {
        // All or nothing: a client that mends what was wrong asks for the same name again.
        await forget(ports, connection.id, scope);
        throw error;
      }
    },
  });
}

/** What Evolution's client expects of a new instance in one answer: webhook, key, and what a person scans. */
async function equip(
  ports: EvolutionPorts,
  { id, estado, ownerId }: ConnectionResource,
  { webhook: wanted, qrcode, number, integration }: z.output<typeof createBody>,
  scope: Scope | null,
) {
  const webhook = wanted && (await setWebhook(ports.webhooks, id, wanted, scope));
  const link = qrcode || number !== undefined ? await linkOf(ports, id, number, scope) : null;
  const key = scope === null ? await keyFor(ports, { id, ownerId }) : null;
  const instance = {
    instanceName: id,
    instanceId: id,
    integration,
    webhookWaBusiness: null,
    accessTokenWaBusiness: '',
  };
  return {
    instance: { ...instance, status: evolutionState(estado) },
    hash: key?.key ?? null,
    webhook: webhook ? { webhookUrl: webhook.url, webhookByEvents: false, webhookBase64: false } : {},
    ...{ websocket: {}, rabbitmq: {}, nats: {}, sqs: {}, settings: {} },
    ...(link && { qrcode: link }),
  };
}

const keyName = (id: string) => `evolution:${id}`;

/** Evolution gives every instance a token of its own; ours is an ordinary key for this connection alone. Only the root
 *  key makes keys. */
function keyFor(
  ports: EvolutionPorts,
  { id, ownerId }: Pick<ConnectionResource, 'id' | 'ownerId'>,
): Promise<IssuedApiKey> {
  const grants = ['read', 'send', 'manage'] as const;
  return ports.keys.create({ name: keyName(id), grants: [...grants], ownerId, connectionIds: [id] });
}

/** What a person scans or types. `count` 0: nothing to show yet, as Evolution answers then. */
async function linkOf(ports: EvolutionPorts, id: string, number: string | undefined, scope: Scope | null) {
  const code = number === undefined ? null : await ports.integration.requestPairingCode(id, number, scope);
  try {
    const qr = await ports.integration.getQr(id, scope);
    return { pairingCode: code?.pairingCode ?? null, code: qr.code, base64: qr.qrCode, count: 1 };
  } catch (error) {
    if (!isGatewayError(error, 'NO_QR')) throw error;
    return { ...(code && { pairingCode: code.pairingCode }), count: 0 };
  }
}

function connectRoute({ integration, ...ports }: EvolutionPorts): Route {
  return route({
    ...facts,
    method: 'get',
    path: '/instance/connect/:instanceName',
    access: 'manage',
    operationId: 'evolutionConnect',
    summary: 'The QR code to scan, or with ?number= a pairing code; the state when it is open already',
    input: { params: instanceParams, query: z.object({ number: phoneNumber.optional() }) },
    replies: { 200: { description: '`{ pairingCode, code, base64, count }`.', schema: anything } },
    errors: ['CONNECTION_NOT_FOUND', 'INVALID_RECIPIENT', 'PAIRING_FAILED', 'NOT_CONNECTED'],
    handle: async ({ params: { instanceName }, query }, { scope }) => {
      const connection = await integration.getConnection(instanceName, scope);
      const open = evolutionState(connection.estado) === 'open';
      const body = open
        ? connectionStateOf(connection)
        : await linkOf({ integration, ...ports }, instanceName, query.number, scope);
      return { status: 200, body };
    },
  });
}

function stateRoutes({ integration }: EvolutionPorts): Route[] {
  return [
    route({
      ...facts,
      method: 'get',
      path: '/instance/connectionState/:instanceName',
      access: 'read',
      operationId: 'evolutionConnectionState',
      summary: 'open, connecting or close',
      input: { params: instanceParams },
      replies: { 200: { description: '`{ instance: { instanceName, state } }`.', schema: anything } },
      errors: ['CONNECTION_NOT_FOUND'],
      handle: async ({ params: { instanceName } }, { scope }) => ({
        status: 200,
        body: connectionStateOf(await integration.getConnection(instanceName, scope)),
      }),
    }),
    route({
      ...facts,
      method: 'get',
      path: '/instance/fetchInstances',
      access: 'read',
      operationId: 'evolutionFetchInstances',
      summary: 'All instances, or one by name or number',
      input: {
        query: z.object({
          instanceName: z.string().max(64).optional(),
          instanceId: z.string().max(64).optional(),
          number: phoneNumber.optional(),
        }),
      },
      replies: { 200: { description: 'The instances.', schema: z.array(anything) } },
      errors: [],
      handle: async ({ query }, { scope }) => {
        const wanted = query.instanceName ?? query.instanceId;
        const found = (await integration.listConnections(scope))
          .filter(({ id }) => wanted === undefined || id === wanted)
          .filter(({ numero }) => query.number === undefined || numero === query.number.replace(/\D/g, ''));
        return { status: 200, body: found.map(instanceRow) };
      },
    }),
  ];
}

/** An instance goes with what came with it: its webhook and its key. */
async function forget({ integration, webhooks, keys }: EvolutionPorts, id: string, scope: Scope | null): Promise<void> {
  const webhook = findWebhook(webhooks, id, scope);
  await integration.deleteConnection(id, scope);
  if (webhook) await webhooks.delete(webhook.id, scope);
  const its = keys.list().filter(({ name, state }) => name === keyName(id) && state === 'active');
  for (const key of its) await keys.revoke(key.id);
}

function commandRoutes(ports: EvolutionPorts): Route[] {
  const { integration, clients } = ports;
  const done = (message: string): Reply => {
    return { status: 200, body: { status: 'SUCCESS', error: false, response: { message } } };
  };
  const manage = { ...facts, access: 'manage', input: { params: instanceParams } } as const;
  const replies = { 200: { description: 'Done.', schema: anything } };
  return [
    route({
      ...manage,
      method: 'post',
      path: '/instance/restart/:instanceName',
      operationId: 'evolutionRestart',
      summary: 'A new socket for the instance',
      replies,
      errors: ['CONNECTION_NOT_FOUND', 'REMOTE_UNAVAILABLE', 'REMOTE_REFUSED'],
      handle: async ({ params: { instanceName } }, { scope }) => {
        await clients.reconnect(instanceName, scope);
        return { status: 200, body: connectionStateOf(await integration.getConnection(instanceName, scope)) };
      },
    }),
    route({
      ...manage,
      method: 'delete',
      path: '/instance/logout/:instanceName',
      operationId: 'evolutionLogout',
      summary: 'Log out at WhatsApp; the instance stays',
      replies,
      errors: ['CONNECTION_NOT_FOUND', 'REMOTE_UNAVAILABLE', 'REMOTE_REFUSED'],
      handle: async ({ params: { instanceName } }, { scope }) => {
        await clients.logout(instanceName, scope);
        return done('Instance logged out');
      },
    }),
    route({
      ...manage,
      method: 'delete',
      path: '/instance/delete/:instanceName',
      operationId: 'evolutionDelete',
      summary: 'Log out and forget the instance, its key and its webhook',
      replies,
      errors: ['CONNECTION_NOT_FOUND'],
      handle: async ({ params: { instanceName } }, { scope }) => {
        await forget(ports, instanceName, scope);
        return done('Instance deleted');
      },
    }),
  ];
}
