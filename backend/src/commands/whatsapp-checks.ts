import { randomUUID } from 'node:crypto';
import { systemClock } from '../lib/clock.js';
import { withoutTrailing } from '../lib/text.js';
import type { InstanceTable } from '../supabase/instances.js';
import type { GatewayClient } from './gateway-client.js';
import { Skip, type Check } from './system-check.js';

export interface WhatsAppChecksDeps {
  gateway: GatewayClient;
  table: Pick<InstanceTable, 'ofUser' | 'remove' | 'indexes'>;
  /** EVOLUTION_API_URL, EVOLUTION_API_KEY and EVOLUTION_WEBHOOK_SECRET of the gateway. */
  evolution: { url: string | null; serverKey: string | null; webhookSecret: string | null };
}

interface Instance {
  id: string;
  instanceName: string;
  status: string;
  health: { status: string } | null;
}

const INCOMING = ['/api/webhook/whatsapp', '/api/webhook/evolution', '/api/webhook/user/{userId}', '/api/webhook/test'];
const EVOLUTION_DEADLINE_MS = 10_000;
const WAIT_MS = 20_000;
const LOOK_EVERY_MS = 200;

/**
 * What `npm run test:whatsapp` tries on a running system, in this order. It makes an instance of a user who does not
 * exist, and removes it with its rows; the audit and the totals remember that there was one.
 */
export function whatsappChecks(deps: WhatsAppChecksDeps): Check[] {
  const userId = randomUUID();
  const { gateway } = deps;
  return [
    { name: 'gateway', run: () => checkGateway(gateway) },
    { name: 'schema', run: () => checkSchema(gateway) },
    { name: 'schema: instances', run: () => checkIndexes(deps.table) },
    { name: 'instance: created', run: () => checkCreated(gateway, userId) },
    { name: 'instance: one', run: () => checkOne(gateway, userId) },
    { name: 'instance: row', run: () => checkRow(deps.table, userId) },
    { name: 'health monitor', run: () => checkHealth(gateway, userId) },
    { name: 'webhooks out', run: () => checkWebhooksOut(gateway) },
    { name: 'webhooks in', run: () => checkWebhooksIn(deps, userId) },
    { name: 'evolution', run: () => checkEvolution(deps.evolution) },
    { name: 'cleaned up', run: () => cleanUp(deps, userId) },
  ];
}

async function checkGateway(gateway: GatewayClient): Promise<string> {
  await gateway.need('GET', '/health/ready');
  const { version, connections } = await gateway.need('GET', '/api/whatsapp-bootstrap/status');
  const { ready, total } = connections as { ready: number; total: number };
  return `version ${String(version)}, ${ready}/${total} connections ready`;
}

/** The self test compares the migrations, and writes, reads and deletes a row. */
async function checkSchema(gateway: GatewayClient): Promise<string> {
  const { body } = await gateway.call('POST', '/api/whatsapp-bootstrap/test');
  const steps = (body['steps'] ?? []) as { name: string; ok: boolean; error?: string }[];
  const step = steps.find(({ name }) => name === 'database');
  if (!step?.ok) throw new Error(step?.error ?? 'the self test says nothing of the database');
  return 'complete; a row was written, read and deleted';
}

/** Under the names that readers of the table know. */
const INDEXES = {
  idx_whatsapp_instances_user_id: { colunas: 'user_id', unico: false },
  idx_whatsapp_instances_user_id_unique: { colunas: 'user_id', unico: true },
  idx_whatsapp_instances_instance_name: { colunas: 'instance_name', unico: true },
};

async function checkIndexes(table: WhatsAppChecksDeps['table']): Promise<string> {
  const there = new Map((await table.indexes()).map((index) => [index.nome, index]));
  const wrong = Object.entries(INDEXES).filter(([name, { colunas, unico }]) => {
    const found = there.get(name);
    return found?.colunas !== colunas || found.unico !== unico;
  });
  if (wrong.length > 0) throw new Error(`whatsapp_instances lacks ${wrong.map(([name]) => name).join(', ')}`);
  return `whatsapp_instances has its ${Object.keys(INDEXES).length} indexes`;
}

const connect = async (gateway: GatewayClient, userId: string) => {
  const body = await gateway.need('POST', '/api/whatsapp/connect', { body: { userId } });
  return { instance: body['instance'] as Instance, code: body['code'] as string | null };
};

async function checkCreated(gateway: GatewayClient, userId: string): Promise<string> {
  const { instance, code } = await connect(gateway, userId);
  if (instance.instanceName !== `user_${userId}`) throw new Error(`it is named ${instance.instanceName}`);
  if (code === null) throw new Error(`no QR code within 10 s (status ${instance.status}): is WhatsApp reachable?`);
  return `${instance.instanceName}, ${instance.status}, with a QR code`;
}

async function checkOne(gateway: GatewayClient, userId: string): Promise<string> {
  const answers = await Promise.all([connect(gateway, userId), connect(gateway, userId)]);
  const ids = new Set(answers.map(({ instance }) => instance.id));
  if (ids.size !== 1) throw new Error(`two calls at once gave ${ids.size} instances`);
  return 'two more calls at once gave the same one';
}

async function checkRow(table: WhatsAppChecksDeps['table'], userId: string): Promise<string> {
  const find = async () => (await table.ofUser(userId)).instance;
  const row = await soon('a row in whatsapp_instances', find);
  if (row.instance_name !== `user_${userId}`) throw new Error(`its row is named ${row.instance_name}`);
  return `in whatsapp_instances, ${row.status}`;
}

async function checkHealth(gateway: GatewayClient, userId: string): Promise<string> {
  const report = await gateway.need('GET', '/api/whatsapp-bootstrap/watchdog');
  const { state, settings } = report as { state: string; settings: { checkIntervalMs: number } };
  if (state !== 'running') throw new Error(`the watchdog is ${state}`);
  const { instance } = await gateway.need('GET', `/api/whatsapp/instance?userId=${userId}`);
  if ((instance as Instance).health === null) throw new Error('it does not watch the new instance');
  return `running every ${settings.checkIntervalMs} ms, watches the new instance`;
}

async function checkWebhooksOut(gateway: GatewayClient): Promise<string> {
  const { data } = await gateway.need('GET', '/api/whatsapp-bootstrap/webhooks');
  const all = data as { active: boolean }[];
  return `${all.length} webhooks, ${all.filter(({ active }) => !active).length} switched off`;
}

/**
 * A stranger's event must be refused at every one of them (404 would mean that nobody listens), and the secret of the
 * settings must be let in; the route for trying takes nothing.
 */
async function checkWebhooksIn({ gateway, evolution }: WhatsAppChecksDeps, userId: string): Promise<string> {
  const body = { event: 'connection.update', instance: `user_${userId}`, data: {} };
  for (const path of INCOMING) {
    const { status } = await gateway.call('POST', path.replace('{userId}', userId), { body, anonymous: true });
    if (![401, 403].includes(status)) throw new Error(`${path} answered a stranger with ${status}`);
  }
  const strangers = `${INCOMING.length} routes, all of which refuse strangers`;
  const { webhookSecret } = evolution;
  if (webhookSecret === null) return `${strangers}; EVOLUTION_WEBHOOK_SECRET is not set`;
  const headers = { 'x-webhook-secret': webhookSecret };
  const { status } = await gateway.call('POST', '/api/webhook/test', { body, anonymous: true, headers });
  if (status !== 200) throw new Error(`EVOLUTION_WEBHOOK_SECRET was answered with ${status}`);
  return `${strangers} and take EVOLUTION_WEBHOOK_SECRET`;
}

async function checkEvolution({ url: apiUrl, serverKey: apiKey }: WhatsAppChecksDeps['evolution']): Promise<string> {
  if (apiUrl === null) throw new Skip('EVOLUTION_API_URL is not set');
  if (apiKey === null) throw new Error('EVOLUTION_API_KEY is not set');
  const url = `${withoutTrailing(apiUrl, '/')}/instance/fetchInstances`;
  const signal = AbortSignal.timeout(EVOLUTION_DEADLINE_MS);
  const answer = await fetch(url, { headers: { apikey: apiKey }, signal }).catch((cause: unknown) => {
    throw new Error(`no server answers at ${apiUrl}`, { cause });
  });
  if (answer.status === 401) throw new Error('the server refuses EVOLUTION_API_KEY');
  const list: unknown = answer.ok ? await answer.json() : null;
  if (!Array.isArray(list)) throw new Error(`${apiUrl} answered ${answer.status}, not as an Evolution API server does`);
  return `${list.length} instances on ${apiUrl}`;
}

/** Whatever was made above; the rows go when the gateway has written its last word into them. */
async function cleanUp({ gateway, table }: WhatsAppChecksDeps, userId: string): Promise<string> {
  const { status } = await gateway.call('DELETE', `/api/whatsapp-integration/connections/user_${userId}`);
  if (status === 404) return 'there was nothing to remove';
  if (status !== 200) throw new Error(`user_${userId} could not be removed (${status}): delete that connection`);
  const last = async () => (await table.ofUser(userId)).session?.['estado'] === 'logged_out';
  await soon('the end of it in the database', last);
  await table.remove(userId);
  const { instance, session } = await table.ofUser(userId);
  if (instance || session) throw new Error(`rows of user_${userId} are left`);
  return 'connection and rows are gone';
}

/** Asks again until the answer is truthy. @throws Error naming `what` */
async function soon<T>(what: string, ask: () => Promise<T>): Promise<NonNullable<T>> {
  const deadline = systemClock.now() + WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (systemClock.now() > deadline) throw new Error(`waited ${WAIT_MS / 1000} s in vain for ${what}`);
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}
