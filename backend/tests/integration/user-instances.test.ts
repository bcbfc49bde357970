import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import ws from 'ws';
import type { InstanceResource } from '../../src/integration/instances/instance-resource.js';
import type { QrResource } from '../../src/integration/resources.js';
import type { USER_NOTIFICATIONS } from '../../src/notifications/realtime/user-notifications.js';
import type { WebhookEventData } from '../../src/notifications/webhooks/webhook-events.js';
import { InstanceTable } from '../../src/supabase/instances.js';
import { ESTADO_TABLE } from '../../src/whatsapp/estado.js';
import { webhookBody } from '../../src/http/schemas/webhook-payloads.js';
import { anApiKey, as, ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { aGateway, aNumber, CONNECTIONS, verdict } from '../support/gateway.js';
import type { Answer } from '../support/http-client.js';
import { SocketClient } from '../support/socket-client.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const gateway = aGateway({ API_KEY: ROOT_KEY, OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1' });
const company = randomUUID();

type Connected = { instance: InstanceResource } & { [K in keyof QrResource]: QrResource[K] | null };
type Headers = Record<string, string>;

/** A user of the CRM, as Supabase Auth has signed them in. */
function aUser(companies: string[] = []) {
  const id = randomUUID();
  const claims = companies.length > 0 ? { app_metadata: { company_ids: companies } } : {};
  const token = () => aUserToken(gateway.database.jwtSecret, id, claims);
  return { id, name: `user_${id}`, token, headers: () => as(token()) };
}
type User = ReturnType<typeof aUser>;

const connect = (headers: Headers, body?: object): Promise<Answer<Connected>> =>
  gateway.http.post('/api/whatsapp/connect', body, headers);
const instanceOf = async (headers: Headers, query = '') =>
  gateway.http.get<{ instance: InstanceResource }>(`/api/whatsapp/instance${query}`, headers);
const row = async (user: User) => (await gateway.crm.rows('whatsapp_instances', { user_id: user.id }))[0];
const untilRow = (user: User, wanted: object) =>
  until(`the row of ${user.name} to be ${JSON.stringify(wanted)}`, async () => {
    const found = await row(user);
    return found && Object.entries(wanted).every(([column, value]) => found[column] === value) ? found : null;
  });

/** Connects and has a phone scan what is shown. */
async function aLinkedUser(user: User, organizationId: string | null = null) {
  const { body } = await connect(user.headers(), { organizationId });
  const number = aNumber();
  const phone = gateway.simulator.createPhone({ number, name: 'Celular' });
  await phone.scan(body.code!);
  await until('the login', () => gateway.parts.pool.get(user.name)?.estado === 'ready');
  return { ...user, number, phone };
}

describe('one call makes and connects', () => {
  test('a user gets a code to scan, scans it, and their row says so all along', async () => {
    const user = aUser();
    expect(verdict(await instanceOf(user.headers()))).toBe('404 CONNECTION_NOT_FOUND');
    const { status, body } = await connect(user.headers());
    expect([status, body.qrCode?.slice(0, 22)]).toEqual([201, 'data:image/png;base64,']);
    const whose = { instanceName: user.name, userId: user.id, organizationId: null };
    expect(body.instance).toMatchObject({ ...whose, status: 'waiting_qr', isConnected: false, phoneNumber: null });
    const waiting = await untilRow(user, { status: 'waiting_qr' });
    expect(waiting).toMatchObject({ instance_name: user.name, is_connected: false, phone_number: null });
    expect(typeof waiting['qr_code']).toBe('string');
    const number = aNumber();
    await gateway.simulator.createPhone({ number, name: 'Celular' }).scan(body.code!);
    const linked = await untilRow(user, { status: 'connected' });
    expect(linked).toMatchObject({
      ...{ id: body.instance.id, instance_name: user.name, is_connected: true, phone_number: number, qr_code: null },
    });
    const { instance } = (await instanceOf(user.headers())).body;
    expect(instance).toMatchObject({ ...whose, status: 'connected', isConnected: true, phoneNumber: number });
  });

  test('again: the same instance with a new socket, and no code', async () => {
    const user = await aLinkedUser(aUser());
    const opened = () => gateway.simulator.history.of('login').length;
    const before = opened();
    const { status, body } = await connect(user.headers());
    expect([status, body.instance.status, body.qrCode, body.code]).toEqual([200, 'connected', null, null]);
    expect(opened()).toBeGreaterThan(before);
    expect(await gateway.crm.rows('whatsapp_instances', { user_id: user.id })).toHaveLength(1);
  });

  test('twenty at once make one instance, and all get its code', async () => {
    const user = aUser();
    const answers = await Promise.all(Array.from({ length: 20 }, () => connect(user.headers())));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
    const [{ body }] = answers as [Answer<Connected>];
    expect(new Set(answers.map(({ body: each }) => each.instance.id))).toEqual(new Set([body.instance.id]));
    expect(answers.every(({ body: each }) => each.code !== null)).toBe(true);
    await untilRow(user, { status: 'waiting_qr' });
    expect(await gateway.crm.rows('whatsapp_instances', { user_id: user.id })).toHaveLength(1);
    const { body: list } = await gateway.http.get<{ data: { id: string }[] }>(CONNECTIONS, user.headers());
    expect(list.data.map(({ id }) => id)).toEqual([user.name]);
  });

  test('it is an ordinary connection: disconnected by the pool, connected by its owner, forgotten, made again', async () => {
    const user = await aLinkedUser(aUser());
    await gateway.http.post(`/clients/${user.name}/disconnect`, undefined, user.headers());
    expect(await untilRow(user, { status: 'disconnected' })).toMatchObject({ is_connected: false });
    expect((await connect(user.headers())).body.instance.status).toBe('connected');
    await untilRow(user, { status: 'connected', is_connected: true });
    await gateway.http.delete(`${CONNECTIONS}/${user.name}`, user.headers());
    await untilRow(user, { status: 'disconnected', phone_number: null });
    const again = await connect(user.headers());
    expect([again.status, again.body.instance.status]).toEqual([201, 'waiting_qr']);
    expect(again.body.instance.id).toBe((await row(user))?.['id']);
  });

  test('whose row was deleted is reset: the session ends, the row comes back, and a new code can be scanned', async () => {
    const [user, other] = [await aLinkedUser(aUser()), await aLinkedUser(aUser())];
    await untilRow(user, { status: 'connected' });
    const { error } = await gateway.crm.client.from('whatsapp_instances').delete().eq('user_id', user.id);
    expect(error).toBeNull();
    gateway.parts.resets.wake();
    await untilRow(user, { status: 'disconnected', phone_number: null, is_connected: false });
    expect(gateway.parts.pool.get(user.name)?.paired).toBe(false);
    const again = await connect(user.headers());
    expect([again.status, again.body.instance.status]).toEqual([200, 'waiting_qr']);
    const phone = gateway.simulator.createPhone({ number: aNumber(), name: 'Novo' });
    await phone.scan(again.body.code!);
    await untilRow(user, { status: 'connected' });
    // It was one deletion: it is not reset a second time, and nobody else is at all.
    gateway.parts.resets.wake();
    await until(
      'the mark to be gone',
      async () =>
        (await gateway.crm.rows('whatsapp_sessions', { session_name: user.name }))[0]?.['reinicio_pedido_em'] === null,
    );
    expect(gateway.parts.pool.get(user.name)?.estado).toBe('ready');
    expect(gateway.parts.pool.get(other.name)?.estado).toBe('ready');
  });

  test('a row that is merely not there resets nothing', async () => {
    const user = await aLinkedUser(aUser());
    await untilRow(user, { status: 'connected' });
    await gateway.database.sql`truncate public.whatsapp_instances`;
    expect(await new InstanceTable(gateway.database.service).requestedResets()).toEqual([]);
    expect(gateway.parts.pool.get(user.name)?.estado).toBe('ready');
  });

  test('the row follows what happened while the database was away', async () => {
    const port = Number(new URL(gateway.database.url).port);
    const proxy = new FaultProxy(port);
    await proxy.up();
    gateway.onClose(() => proxy.down());
    await gateway.restart({ SUPABASE_URL: `http://127.0.0.1:${proxy.port}` });
    const [before, during] = [await aLinkedUser(aUser()), aUser()];
    await untilRow(before, { status: 'connected' });
    await proxy.down();
    await gateway.http.post(`/clients/${before.name}/disconnect`, undefined, before.headers());
    const linked = await aLinkedUser(during);
    expect((await instanceOf(linked.headers())).body.instance).toMatchObject({ isConnected: true });
    expect(await row(during)).toBeUndefined();
    await proxy.up();
    await untilRow(before, { status: 'disconnected', is_connected: false });
    await untilRow(linked, { status: 'connected', is_connected: true, phone_number: linked.number });
    await gateway.restart();
  }, 60_000);
});

describe('whose it is', () => {
  test('a user acts for nobody else; the root key for everybody; a program for users of its company', async () => {
    const [ana, bia] = [aUser([company]), aUser()];
    const program = as((await anApiKey(gateway, { companyIds: [company] })).key);
    const stranger = as((await anApiKey(gateway, { ownerId: randomUUID() })).key);
    const refused = [
      await connect(ana.headers(), { userId: bia.id }),
      await connect(ana.headers(), { userId: bia.id, organizationId: company }),
      await connect(bia.headers(), { organizationId: company }),
      await connect(program, { userId: ana.id }),
      await connect(program, { userId: ana.id, organizationId: randomUUID() }),
      await connect(stranger, { userId: ana.id, organizationId: company }),
      await connect(as(ROOT_KEY)),
      await connect({}, { userId: ana.id }),
    ];
    expect(refused.map(verdict)).toEqual([
      ...Array.from({ length: 6 }, () => '403 FORBIDDEN'),
      ...['400 BAD_REQUEST', '401 UNAUTHORIZED'],
    ]);
    const made = await connect(program, { userId: ana.id, organizationId: company });
    expect([made.status, made.body.instance.organizationId]).toEqual([201, company]);
    expect((await connect(ana.headers())).body.instance.id).toBe(made.body.instance.id);
    expect((await connect(as(ROOT_KEY), { userId: bia.id, organizationId: null })).status).toBe(201);
    const seen = async (headers: Headers, user: User) => verdict(await instanceOf(headers, `?userId=${user.id}`));
    expect([await seen(program, ana), await seen(program, bia)]).toEqual(['200', '404 CONNECTION_NOT_FOUND']);
    expect([await seen(bia.headers(), ana), await seen(stranger, ana)]).toEqual([
      ...['404 CONNECTION_NOT_FOUND', '404 CONNECTION_NOT_FOUND'],
    ]);
  });

  test('nobody takes a user’s name, and no organisation reads the WhatsApp of who is not in it', async () => {
    const user = aUser();
    const squatter = aUser();
    const squat = await gateway.http.post(CONNECTIONS, { connectionId: user.name }, squatter.headers());
    const pool = await gateway.http.post('/clients', { clientId: user.name }, squatter.headers());
    expect([verdict(squat), verdict(pool)]).toEqual(['403 FORBIDDEN', '403 FORBIDDEN']);
    // A program of another company was first: the user is not linked into it unawares.
    const program = as((await anApiKey(gateway, { companyIds: [company] })).key);
    expect((await connect(program, { userId: user.id, organizationId: company })).status).toBe(201);
    expect(verdict(await connect(user.headers()))).toBe('409 CONNECTION_TAKEN');
  });

  test('in the database a user sees their own instance, a colleague those of the company, nobody changes one', async () => {
    const [ana, bia, colleague] = [aUser([company]), aUser(), aUser([company])];
    await connect(ana.headers(), { organizationId: company });
    await connect(bia.headers());
    await untilRow(ana, { status: 'waiting_qr' });
    await untilRow(bia, { status: 'waiting_qr' });
    const of = (user: User) =>
      createClient(gateway.database.url, gateway.database.anonKey, {
        auth: { persistSession: false, autoRefreshToken: false },
        realtime: { transport: ws as never },
        global: { headers: { Authorization: `Bearer ${user.token()}` } },
      }).from('whatsapp_instances');
    const names = async (user: User) => {
      const { data } = await of(user).select('instance_name');
      return (data as { instance_name: string }[]).map(({ instance_name: name }) => name);
    };
    expect([await names(ana), await names(bia)]).toEqual([expect.arrayContaining([ana.name]), [bia.name]]);
    expect(await names(colleague)).toContain(ana.name);
    expect(await names(colleague)).not.toContain(bia.name);
    const changed = await of(ana).update({ user_id: bia.id }).eq('user_id', ana.id).select();
    expect([changed.data, changed.error?.code]).toEqual([null, '42501']);
    const anon = createClient(gateway.database.url, gateway.database.anonKey, { realtime: { transport: ws as never } });
    expect((await anon.from('whatsapp_instances').select('*')).error?.code).toBe('42501');
  });
});

test('the database names the status of each state as the gateway does', async () => {
  const { sql } = gateway.database;
  for (const [estado, { instance }] of Object.entries(ESTADO_TABLE)) {
    const [said] = await sql`select sentinela.estado_da_instancia(${estado}) as status`;
    expect([estado, said?.['status']]).toEqual([estado, instance]);
  }
});

/**
 * One eventful day: an instance is made and linked, a message comes and one goes, the number falls ill beyond what the gateway can
 * mend and is well again, the database goes and comes back, the phone ends it. Its user, a colleague, a stranger and the root
 * key listen all the time, and the user's receiver of webhooks.
 */
describe('a day of an instance', () => {
  const receiver = new WebhookReceiver();
  const [user, colleague, stranger] = [aUser([company]), aUser([company]), aUser()];
  const tokens = { user: user.token, colleague: colleague.token, stranger: stranger.token, root: () => ROOT_KEY };
  const listeners: [name: string, namespace: string, client: SocketClient][] = [];
  const at = (who: string, namespace: string) =>
    listeners.find(([name, path]) => name === who && path === namespace)![2];
  const kinds = () => receiver.ofType('userNotification').map(({ json }) => json.data['kind']);
  const heard = (type: string) => at('root', '/').ofType(type).length > 0;
  let ill: InstanceResource['health'];

  beforeAll(async () => {
    await receiver.up();
    gateway.onClose(() => receiver.down());
    const database = new FaultProxy(Number(new URL(gateway.database.url).port));
    await database.up();
    gateway.onClose(() => database.down());
    await gateway.restart({
      HEALTH_CHECK_INTERVAL_MS: '150',
      SUPABASE_URL: `http://127.0.0.1:${database.port}`,
    });
    for (const namespace of ['/', '/notifications'])
      for (const [name, token] of Object.entries(tokens)) {
        const client = await SocketClient.ready(gateway.http.baseUrl, { token: token(), namespace });
        listeners.push([name, namespace, client]);
      }
    const { phone, number } = await aLinkedUser(user, company);
    // At this pace the moments before the login count as failures, too.
    const health = async () => (await instanceOf(user.headers())).body.instance.health;
    await until('a first clean bill of health', async () => (await health())?.status === 'healthy');
    const events = ['userNotification', 'instanceStatus'];
    const webhook = { url: receiver.url, events, connectionId: user.name };
    await gateway.http.post('/api/whatsapp-bootstrap/webhooks', webhook, user.headers());
    const ana = gateway.aCustomer();
    ana.send(phone, 'oi');
    await gateway.send(user.name, { to: ana.number, content: 'olá' }, user.headers());
    await until('both messages', () => heard('messageReceived') && heard('messageSent') && heard('messageStatus'));
    await gateway.simulator.faults.refuse(true);
    gateway.simulator.faults.closeAll();
    await until('a call for help', () => kinds().includes('reconnect_failed'));
    ill = await health();
    await gateway.simulator.faults.refuse(false);
    await connect(user.headers());
    await until('the good news', () => kinds().includes('reconnected'));
    await database.down();
    await until('the outage', () => heard('supabaseOffline'));
    await database.up();
    await until('its end', () => heard('supabaseOnline'));
    await until('its status', () => receiver.ofType('instanceStatus').at(-1)?.json.data['phoneNumber'] === number);
    phone.unlink();
    await until('the alert', () => heard('alert') && heard('healthCheck'));
    const last = at('root', '/').ids.at(-1);
    await until('everybody to be told', () => at('user', '/').ids.length > 0 && last !== undefined);
  }, 60_000);

  afterAll(async () => {
    for (const [, , client] of listeners) client.close();
    await gateway.restart();
  });

  test('ill, not mended, well again: its owner is told each once, with a button when it takes a person', () => {
    expect(ill).toMatchObject({ status: 'disconnected', problems: ['NOT_READY'], uptimeMs: 0 });
    expect(ill!.consecutiveFailures).toBeGreaterThanOrEqual(4);
    // The login itself may end with a "reconnected" that the webhook is just in time to hear.
    const first = kinds().indexOf('unhealthy');
    expect(kinds().slice(first, first + 3)).toEqual(['unhealthy', 'reconnect_failed', 'reconnected']);
    const failed = receiver.ofType('userNotification')[first + 1];
    expect(webhookBody('userNotification').parse(failed!.json)).toMatchObject({
      ...{ connectionId: user.name, ownerId: user.id },
      data: { instanceName: user.name, userId: user.id, action: { method: 'POST', path: '/api/whatsapp/connect' } },
    });
    const statuses = receiver.ofType('instanceStatus').map(({ json }) => json.data['status']);
    expect(statuses.slice(0, 2)).toEqual(['connecting', 'connected']);
  });

  const hearers = (namespace: string, type: string) =>
    listeners
      .filter(([, path, client]) => path === namespace && client.ofType(type).length > 0)
      .map(([name]) => name)
      .join(' ');

  type EventName = Exclude<keyof WebhookEventData, 'test'> | 'healthCheck' | 'watchdogStep';
  /** Each event that clients are promised, and who of them hears it. */
  const EVENTS = {
    connected: 'user colleague root',
    disconnected: 'user colleague root',
    connectionState: 'user colleague root',
    qr: 'user colleague root',
    messageReceived: 'user colleague root',
    messageSent: 'user colleague root',
    messageStatus: 'user colleague root',
    instanceStatus: 'user colleague root',
    alert: 'user colleague root',
    // In words for one person.
    userNotification: 'user root',
    watchdogStep: 'user colleague root',
    // The gateway's own business.
    supabaseOffline: 'root',
    supabaseOnline: 'root',
    healthCheck: 'root',
  } as const satisfies Partial<Record<EventName, string>>;
  /** Those that this day does not have, and where they are seen to be told; the compiler says when one is nowhere. */
  const ELSEWHERE: Record<Exclude<EventName, keyof typeof EVENTS>, string> = {
    messageEdited: 'evolution-webhooks',
    messageDeleted: 'evolution-webhooks',
    messageReaction: 'evolution-webhooks',
    messageUpdated: 'evolution-webhooks',
    messageRead: 'evolution-webhooks',
    contactUpdated: 'evolution-webhooks',
    chatDeleted: 'evolution-webhooks',
    applicationNotification: 'notify',
    messageMedia: 'gateway-media-in',
    groupUpdated: 'groups',
    call: 'calls',
    atendimentoMerged: 'gateway-inbound-people',
  };
  test.each(Object.entries(ELSEWHERE))('%s is seen to in %s', (type, file) => {
    const text = readFileSync(new URL(`${file}.test.ts`, import.meta.url), 'utf8');
    expect(text.includes(`'${type}'`)).toBe(true);
  });
  test.each(Object.entries(EVENTS))('%s is heard by %s', (type, who) => {
    expect(hearers('/', type)).toBe(who);
  });

  /** In the words of pages, by the way of telling that has each. */
  const WAYS: Record<keyof typeof USER_NOTIFICATIONS, [type: string, who: string]> = {
    notifyNewMessage: ['new_message', 'user colleague root'],
    notifyWhatsAppStatus: ['whatsapp_status', 'user colleague root'],
    sendUserNotification: ['notification', 'user colleague root'],
    sendToUser: ['qrcode', 'user colleague root'],
  };
  test.each(Object.entries(WAYS))('%s: pages are told', (_way, [type, who]) => {
    expect(hearers('/notifications', type)).toBe(who);
  });

  test('a page shows its own user the button, and what it shows is what the API says', () => {
    const notices = (who: string) =>
      at(who, '/notifications')
        .ofType('notification')
        .map(({ body }) => body.data);
    const ofHealth = (who: string) => notices(who).flatMap(({ kind }) => (kind === undefined ? [] : [kind]));
    // Pages were there while the instance was linked, which at this pace may have looked ill, too.
    const helpless = ofHealth('user').indexOf('reconnect_failed');
    expect(ofHealth('user').slice(helpless - 1, helpless + 2)).toEqual([
      'unhealthy',
      'reconnect_failed',
      'reconnected',
    ]);
    expect(ofHealth('colleague')).toEqual([]);
    const page = at('user', '/notifications');
    const [code] = page.ofType('qrcode');
    expect(code?.body.data).toMatchObject({ instanceName: user.name, status: 'waiting_qr' });
    expect(code?.body.data['qrCode']).toMatch(/^data:image\/png;base64,/);
    const statuses = page.ofType('whatsapp_status').map(({ body }) => body.data['status']);
    expect(statuses).toEqual(expect.arrayContaining(['connecting', 'waiting_qr', 'connected', 'disconnected']));
    expect(page.ofType('new_message')[0]?.body.data).toMatchObject({ instanceName: user.name, conteudo: 'oi' });
  });
});
