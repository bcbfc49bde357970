import { Readable } from 'node:stream';
import { expect } from '@jest/globals';
import supertest, { type Response, type Test } from 'supertest';
import { z } from 'zod';
import { allRoutes, createHttpApp } from '../../../src/http/create-http-app.js';
import { openApiDocument } from '../../../src/http/openapi.js';
import type { MediaPort } from '../../../src/http/media-port.js';
import type {
  AccessPort,
  AtendimentosPort,
  BootstrapPort,
  IntegrationPort,
  MetricsPort,
  RobotPort,
  WatchdogPort,
} from '../../../src/http/ports.js';
import type { ContactsPort, GroupsPort } from '../../../src/http/people-ports.js';
import type { InstancesPort } from '../../../src/http/pool-ports.js';
import type { WatchdogReport } from '../../../src/watchdog/watchdog-report.js';
import type { ApiKeyResource } from '../../../src/access/api-key-resource.js';
import type { AuditFact } from '../../../src/access/audit-trail.js';
import { Authenticator } from '../../../src/access/authenticator.js';
import type { Identity } from '../../../src/access/identity.js';
import type { ConnectionResource } from '../../../src/integration/resources.js';
import { silentLog, type Log } from '../../../src/lib/log.js';
import { scriptedEvolution } from './scripted-evolution.js';
import { scriptedSchedule } from './scripted-schedule.js';
import { scriptedChats } from './scripted-chats.js';
import { scriptedPeople } from './scripted-people.js';
import { scriptedClients, scriptedInstances, scriptedNotify } from './scripted-pool.js';
import { scriptedWebhooks } from './scripted-webhooks.js';

export const KEY = 'a-key-of-16-chars';
export const UUID = '3f0e8c1a-6a1f-4f2e-9b7a-1f2e3d4c5b6a';
const NOW = '2026-01-02T03:04:05.000Z';
/** 1×1 pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export function aConnection(changes: Partial<ConnectionResource> = {}): ConnectionResource {
  return {
    ...{
      id: 'c1',
      name: 'Principal',
      ownerId: UUID,
      ownerText: null,
      companyId: null,
      companyText: null,
      driver: 'baileys',
    },
    ...{ status: 'connected', estado: 'ready', motivo: null, conselho: null, numero: '5511999999999', lid: null },
    ...{ connectedAt: NOW, disconnectedAt: null, lastActivityAt: NOW, account: null, settings: {}, warnings: [] },
    proxy: null,
    ...changes,
  };
}

export function aMensagem() {
  return {
    ...{ id: UUID, atendimento_id: UUID, conteudo: 'Olá', tipo: 'TEXTO', remetente: 'CLIENTE' },
    ...{ timestamp: '2026-01-02T03:04:05+00:00', lida: false, status: 'RECEBIDA' },
  };
}

export function aDeadLetter() {
  return {
    ...{ seq: 7, connectionId: 'c1', kind: 'stanza', whatsappId: '3EB0', code: '23514', message: 'violates a check' },
    ...{ journaledAt: NOW, parkedAt: NOW },
  };
}

function anApiKey(): ApiKeyResource {
  return {
    ...{
      id: UUID,
      name: 'CRM',
      grants: ['read'],
      ownerId: UUID,
      ownerText: null,
      companyIds: [],
      companyTexts: [],
      connectionIds: null,
    },
    ...{ ratePerMinute: null, state: 'active', createdAt: NOW, expiresAt: null, revokedAt: null },
    ...{ lastUsedAt: null, previousUntil: null },
  };
}

function anAuditRecord() {
  return {
    ...{ id: UUID, em: NOW, quem: 'root', owner_id: null, operacao: 'restart', sessao: null, alvo: {} },
    ...{ status: 200, erro: null, request_id: 'r-1', endereco: '127.0.0.1' },
  };
}

function anAtendimento() {
  return {
    ...{ id: UUID, numero_cliente: '5511999999999', nome_cliente: null, status: 'AGUARDANDO' },
    ...{ data_inicio: NOW, ultima_mensagem: null, canal: 'whatsapp' },
  };
}

async function* anExport() {
  yield `{"success":true,"atendimento":${JSON.stringify(anAtendimento())},"mensagens":[`;
  yield `${JSON.stringify(aMensagem())}]}`;
}

function aWatchdogReport(step: WatchdogReport['gateway']['steps'][number]): WatchdogReport {
  const gatewayProbes = { eventLoopLagMs: 0, journalFailures: 0, journalMs: 1, projectionAgeMs: null };
  const readings = { estado: 'ready' as const, wanted: true, frameAgeMs: 5, unfinishedMs: 61_000, acksOverdue: 0 };
  const silent = { outboxAgeMs: null, unusualSilenceMs: null, reconnectTries: 0 };
  return {
    ...{ state: 'running', supervised: false, stepCounts: { flush: 1 } },
    settings: { checkIntervalMs: 60_000, alertThreshold: 2, maxConsecutiveFailures: 3, autoReconnect: true },
    gateway: { probes: { ...gatewayProbes, databaseOnline: true }, problems: [], steps: [step] },
    connections: [
      {
        ...{ connectionId: 'c1', status: 'unhealthy', consecutiveFailures: 1, healthyForMs: 0, lastCheckAt: NOW },
        ...{ problems: ['STUCK_STANZA'], rung: 'flush', steps: [step] },
        probes: { ...readings, ...silent, ping: { at: NOW, ok: true, ms: 3 } },
      },
    ],
  };
}

/** Answers of the services that the HTTP layer calls, and what they were called with. */
export function scriptedPorts(
  script: {
    integration?: Partial<IntegrationPort>;
    bootstrap?: Partial<BootstrapPort>;
    apiKey?: string | null;
    /** What is presented (an API key or a JWT by its looks) → who that is. */
    identities?: Record<string, Identity>;
    metricsAccess?: MetricsPort['access'];
    atendimentos?: Partial<AtendimentosPort>;
    robot?: Partial<RobotPort>;
    media?: Partial<MediaPort>;
    groups?: Partial<GroupsPort>;
    contacts?: Partial<ContactsPort>;
    instances?: Partial<InstancesPort>;
  } = {},
) {
  const calls: { name: string; args: unknown[] }[] = [];
  const audit: AuditFact[] = [];
  const authenticator = new Authenticator({
    rootKey: script.apiKey ?? null,
    keys: { authenticate: (text) => script.identities?.[text] ?? null },
    users: { authenticate: async (text) => script.identities?.[text] ?? null },
  });
  const answers: IntegrationPort = {
    changeConnection: async (id, { settings = {} }) => aConnection({ id, settings }),
    createConnection: async (input) => ({ connection: aConnection({ id: input.connectionId }), created: true }),
    listConnections: async () => [aConnection()],
    getConnection: async (id) => aConnection({ id }),
    getQr: async () => ({ qrCode: `data:image/png;base64,${PNG}`, code: '2@ref,key', expiresAt: NOW }),
    requestPairingCode: async () => ({ pairingCode: 'ABCD-1234', expiresAt: NOW }),
    deleteConnection: async () => undefined,
    sendMessage: async (input) => ({
      httpStatus: input.waitMs === 0 ? 202 : 201,
      replayed: false,
      message: {
        ...{ id: UUID, whatsappId: '3EB0', connectionId: input.connectionId, to: input.to ?? '' },
        ...{ status: input.waitMs === 0 ? 'PENDENTE' : 'ENVIADA', atendimentoId: null, timestamp: NOW },
      },
    }),
    sendByAny: async (input) => ({
      httpStatus: input.waitMs === 0 ? 202 : 201,
      replayed: input.idempotency !== undefined,
      message: {
        ...{ id: UUID, whatsappId: '3EB0', connectionId: 'c1', to: input.to ?? '' },
        ...{ status: 'ENVIADA', atendimentoId: null, timestamp: NOW },
      },
    }),
    messageStatus: async (id) => ({
      ...{ id, whatsappId: '3EB0', connectionId: 'c1', to: 'x@s.whatsapp.net', status: 'ENVIADA', state: 'sent' },
      ...{ attempts: 1, nextAttemptAt: null, error: null, acceptedAt: NOW, sentAt: NOW, expiresAt: null },
      ...{ receipts: {}, databaseAway: false },
    }),
    listMessages: async () => ({ data: [aMensagem()], nextCursor: 'next', prevCursor: '~a' }),
    listActiveAtendimentos: async () => ({ data: [anAtendimento()], nextCursor: null, prevCursor: null }),
    receiveUpload: async (stream, { name, type }) => {
      let size = 0;
      for await (const chunk of stream) size += (chunk as Buffer).length;
      return { file: UUID, size, sha256: Buffer.alloc(32), name, declared: type };
    },
    discardUpload: async () => undefined,
    markRead: async (_id, messageIds) => messageIds.length,
    markNamedRead: async () => undefined,
    sendPresence: async () => undefined,
    checkNumber: async (_id, number) => ({ number, exists: true, jid: `${number}@s.whatsapp.net`, lid: null }),
    ...script.integration,
  };
  const apiKey = anApiKey();
  const access: AccessPort = {
    identify: (presented) => authenticator.identify(presented),
    record: async (fact) => void audit.push(fact),
    listAudit: async () => ({ data: [anAuditRecord()], nextCursor: null }),
    keys: {
      list: () => [apiKey],
      create: async () => ({ key: 'sntl_x', apiKey }),
      rotate: async () => ({ key: 'sntl_y', apiKey }),
      revoke: async () => ({ ...apiKey, state: 'revoked' }),
    },
  };
  const service = { state: 'running', since: NOW, reason: null };
  const bootstrap: BootstrapPort = {
    initialize: async () => undefined,
    restart: async () => undefined,
    status: () => ({
      ...{ version: '0.1.0', uptimeS: 1, foreignServer: false },
      services: { supabase: service, integration: service, watchdog: service, bootstrap: service },
      connections: { total: 1, ready: 1, byStatus: { ready: 1 } },
    }),
    deadLetters: {
      list: () => ({ data: [aDeadLetter()], nextCursor: 'next' }),
      retry: async (seq) => void calls.push({ name: 'retry', args: [seq] }),
      discard: async (seq) => void calls.push({ name: 'discard', args: [seq] }),
    },
    stats: async () => ({
      queues: {
        ...{ pendingEntries: 0, oldestPendingAt: null, deadLetters: 0, outboxUnfinished: 0, mediaWaiting: 0 },
        ...{ journalBytes: 1, journalMaxBytes: 2 },
      },
      supabase: { reachable: true, responseMs: 2.5 },
      connections: { active: 1, total: 1, max: 10 },
      sends: { accepted: 2, sent: 1, failed: 1, successRate: 0.5, queues: [] },
      orphans: { unpaired: 0, credentials: 0 },
      copies: [{ kind: 'backup', lastAt: NOW, failing: false, error: null }],
    }),
    orphans: () => [{ kind: 'unpaired', connectionId: 'c1', since: NOW, reportedAt: NOW, removedAfter: NOW }],
    selfTest: async () => ({ steps: [{ name: 'disk', ok: true, ms: 1 }] }),
    live: () => true,
    unreadiness: () => null,
    ...script.bootstrap,
  };
  const step = { at: NOW, step: 'flush', reasons: ['STUCK_STANZA'] };
  const watchdog: WatchdogPort = { report: () => aWatchdogReport(step) };
  const metrics: MetricsPort = {
    access: script.metricsAccess ?? 'local',
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    render: async () => '# HELP sentinela_ready 1\n',
  };
  const opened = (range: string | undefined) => ({
    ...{ stream: Readable.from([Buffer.from(range ? 'ol' : 'olá')]), size: 4, type: 'text/plain', name: 'olá.txt' },
    range: range ? { start: 0, end: 1 } : null,
  });
  const media: MediaPort = {
    open: async (_id, range) => opened(range),
    openLink: async (_id, _proof, range) => opened(range),
    link: async (id) => ({ url: `/api/whatsapp-integration/media/${id}?expires=1&signature=x`, expiresAt: NOW }),
    retry: async (messageId) => ({ messageId, state: 'waiting' }),
    ...script.media,
  };
  const webhooks = scriptedWebhooks(calls);
  const evolutionWebhooks = scriptedEvolution(calls);
  const people = scriptedPeople(script);
  const atendimentos: AtendimentosPort = {
    list: async () => ({ data: [anAtendimento()], nextCursor: 'next', prevCursor: '~a' }),
    get: async () => anAtendimento(),
    unread: async () => ({ atendimentos: 0, naoLidas: 0, grupos: [] }),
    act: async () => ({ atendimento: anAtendimento(), changed: true, eventoId: UUID }),
    events: async () => ({ data: [], nextCursor: null, prevCursor: null }),
    export: async (_id, { format }) => (format === 'json' ? anExport() : ['a,b\r\n', '1,2\r\n'].values()),
    ...script.atendimentos,
  };
  const configuracao = { id: UUID, auto_resposta: true, fuso: 'America/Sao_Paulo' };
  const robot: RobotPort = { read: async () => null, write: async () => configuracao, ...script.robot };
  const { scheduled, templates } = scriptedSchedule();
  const recorded = <T extends object>(port: T) =>
    Object.fromEntries(
      Object.entries(port).map(([name, answer]) => [
        name,
        (...args: unknown[]) => {
          calls.push({ name, args });
          return (answer as (...args: unknown[]) => unknown)(...args);
        },
      ]),
    ) as T;
  return {
    ...{ integration: recorded(answers), atendimentos: recorded(atendimentos), robot: recorded(robot) },
    ...{ scheduled: recorded(scheduled), templates: recorded(templates) },
    media: recorded(media),
    chats: scriptedChats(),
    ...{ groups: recorded(people.groups), contacts: recorded(people.contacts) },
    ...{ bootstrap, metrics, watchdog, access, webhooks, evolutionWebhooks, calls, audit },
    clients: recorded(scriptedClients()),
    notify: scriptedNotify(),
    instances: recorded({ ...scriptedInstances(), ...script.instances }),
  };
}

export interface Options extends NonNullable<Parameters<typeof scriptedPorts>[0]> {
  host?: string;
  ratePerMinute?: number;
  connectionRatePerMinute?: number;
  corsOrigins?: string[];
  log?: Log;
}

/** The real app over scripted services. */
export function anApp(options: Options = {}) {
  const { calls, audit, ...ports } = scriptedPorts(options);
  const http = {
    ...{ host: options.host ?? '127.0.0.1', port: 0, apiKey: options.apiKey ?? null },
    ...{ corsOrigins: options.corsOrigins ?? ['http://localhost:5173'], ratePerMinute: options.ratePerMinute ?? 1e6 },
    ...{ connectionRatePerMinute: options.connectionRatePerMinute ?? 1e6, jwks: null },
    ...{ jwtAudience: null, jwtIssuer: null },
  };
  const quotas = { connections: 1, apiKeys: 1, webhooks: 1, templates: 1, scheduled: 1, uploads: 100 };
  const app = createHttpApp({ config: { http, quotas }, log: options.log ?? silentLog, ...ports });
  return { app, calls, audit, http: supertest(app) };
}

const document = openApiDocument(allRoutes(scriptedPorts()));

type Operation = { operationId: string; responses: Record<string, unknown> };
type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
const schemas = new Map<string, z.ZodType>();

/** The documented schema of an answer; throws when the document does not know of such an answer. */
function documentedSchema(operation: Operation, res: Response): z.ZodType {
  const name = `${operation.operationId} ${res.status} ${res.type}`;
  const response = operation.responses[res.status] as { content: Record<string, { schema: object }> } | undefined;
  const media = response?.content[res.type];
  if (!media) throw new Error(`${name} is not in the OpenAPI document`);
  const inlined = JSON.stringify({ ...media.schema, $defs: document.components?.schemas ?? {} });
  const schema = JSON.parse(inlined.replaceAll('#/components/schemas/', '#/$defs/')) as JsonSchema;
  if (!schemas.has(name)) schemas.set(name, z.fromJSONSchema(schema));
  return schemas.get(name)!;
}

function operationOf(method: string, path: string): Operation | undefined {
  const entry = Object.entries(document.paths ?? {}).find(([pattern]) =>
    new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  return (entry?.[1] as Record<string, Operation> | undefined)?.[method.toLowerCase()];
}

/** Waits for the answer and holds it against the OpenAPI document. */
export async function documented(request: Test): Promise<Response> {
  const res = await request;
  const operation = operationOf(request.method, new URL(request.url).pathname);
  if (operation) {
    const schema = documentedSchema(operation, res);
    if (res.type === 'application/json') schema.parse(res.body);
  }
  expect(res.get('X-Request-Id')).toBeTruthy();
  return res;
}
