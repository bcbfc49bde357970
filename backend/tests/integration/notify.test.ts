import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { partyOf } from '../../src/lib/party.js';
import { anApiKey, as, ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { aGateway, aNumber, verdict } from '../support/gateway.js';
import { SocketClient } from '../support/socket-client.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const gateway = aGateway({ API_KEY: ROOT_KEY, OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1' });
const root = as(ROOT_KEY);
const NOTIFY = '/api/whatsapp/notify';
const notify = (body: object, headers = root) => gateway.http.post(NOTIFY, body, headers);
const tokenOf = (sub: string, companies: string[] = []) =>
  aUserToken(gateway.database.jwtSecret, sub, { app_metadata: { company_ids: companies } });
const page = (sub: string, companies: string[] = []) =>
  SocketClient.ready(gateway.http.baseUrl, { token: tokenOf(sub, companies), namespace: '/notifications' });
const said = (client: SocketClient) => client.heard.map(({ body }) => [body.type, body.data]);

test('what an application pushes is shown to that user, or organisation, once and to nobody else', async () => {
  const [ana, bia] = [await page('ana', ['loja-7']), await page('bia')];
  try {
    expect(
      (await notify({ userId: 'ana', title: 'Pedido novo', message: 'pago', data: { pedido: 1001 } })).status,
    ).toBe(201);
    expect((await notify({ userId: partyOf('ana').id, type: 'order.paid', data: { n: 1 } })).status).toBe(201);
    expect((await notify({ organizationId: 'loja-7', message: 'a todos' })).status).toBe(201);
    expect((await notify({ userId: 'bia', message: 'só você' })).status).toBe(201);
    await until('all of them', () => ana.heard.length >= 3 && bia.heard.length >= 1);
    expect(said(ana)).toEqual([
      ['notification', { title: 'Pedido novo', message: 'pago', pedido: 1001 }],
      ['order.paid', { n: 1 }],
      ['notification', { message: 'a todos' }],
    ]);
    expect(said(bia)).toEqual([['notification', { message: 'só você' }]]);
  } finally {
    ana.close();
    bia.close();
  }
});

test('a webhook of that owner hears of it as well', async () => {
  const receiver = new WebhookReceiver();
  await receiver.up();
  try {
    const wanted = { url: receiver.url, events: ['applicationNotification'], ownerId: 'fabio' };
    expect((await gateway.http.post('/api/whatsapp-bootstrap/webhooks', wanted, root)).status).toBe(201);
    await notify({ userId: 'fabio', type: 'order.paid', data: { n: 2 } });
    const [told] = await until('the webhook', () => {
      const all = receiver.ofType('applicationNotification');
      return all.length > 0 && all;
    });
    expect(told!.json.data).toMatchObject({ type: 'order.paid', data: { n: 2 } });
  } finally {
    await receiver.down();
  }
});

test('a key needs `send`, and reaches its owner, its companies and the users whose instances it sees', async () => {
  await gateway.http.post('/api/whatsapp/connect', { userId: 'caio', organizationId: 'loja-8' }, root);
  const mine = { ownerId: 'dora', companyIds: ['loja-8'] };
  const { key } = await anApiKey(gateway, { ...mine, grants: ['send'] });
  const { key: reader } = await anApiKey(gateway, { ...mine, grants: ['read'] });
  const { key: narrow } = await anApiKey(gateway, { ...mine, grants: ['send'], connectionIds: ['user_caio'] });
  const tries = async (headers: Record<string, string>) => {
    const answers = [
      { userId: 'dora' },
      { userId: 'caio' },
      { organizationId: 'loja-8' },
      { userId: 'eva' },
      { organizationId: 'x' },
    ];
    return Promise.all(answers.map(async (to) => (await notify({ ...to, message: 'oi' }, headers)).status));
  };
  expect(await tries(as(key))).toEqual([201, 201, 201, 403, 403]);
  expect(await tries(as(reader))).toEqual([403, 403, 403, 403, 403]);
  expect(await tries(as(narrow))).toEqual([403, 201, 403, 403, 403]);
  expect(await tries(as(tokenOf('dora', ['loja-8'])))).toEqual([201, 201, 201, 403, 403]);
});

test.each<[string, object, string]>([
  ['nobody is named', { message: 'oi' }, 'body.userId'],
  ['both are named', { userId: 'a', organizationId: 'b', message: 'oi' }, 'body.userId'],
  ['nothing is said', { userId: 'a' }, 'body.message'],
  ['a type of the gateway itself', { userId: 'a', message: 'oi', type: 'qrcode' }, 'body.type'],
  ['an unknown field', { userId: 'a', mesage: 'oi', message: 'oi' }, 'body.mesage'],
  ['too much', { userId: 'a', data: { x: 'y'.repeat(20_000) } }, 'body.data'],
])('%s: refused by name', async (_what, body, field) => {
  const answer = await notify(body);
  expect([verdict(answer), JSON.stringify(answer.body)]).toEqual([
    '400 BAD_REQUEST',
    expect.stringContaining(`"${field}"`),
  ]);
});

test('the health of an instance is told to its user once, with the button, and to colleagues as an alert', async () => {
  const { events } = gateway.parts;
  await gateway.http.post('/api/whatsapp/connect', { userId: 'fabi', organizationId: 'loja-9' }, root);
  const [fabi, colleague] = [await page('fabi', ['loja-9']), await page('gil', ['loja-9'])];
  try {
    const connectionId = 'user_fabi';
    events.emit('connectionHealth', { connectionId, news: 'alert', consecutiveFailures: 2, problems: ['NOT_READY'] });
    events.emit('alert', { severity: 'warning', code: 'CONNECTION_UNHEALTHY', message: 'doente', connectionId });
    events.emit('alert', { severity: 'critical', code: 'LOGGED_OUT', message: 'fim', connectionId });
    const codes = (client: SocketClient) =>
      client.ofType('notification').map(({ body }) => body.data['kind'] ?? body.data['code']);
    await until('the end', () => codes(fabi).includes('LOGGED_OUT') && codes(colleague).includes('LOGGED_OUT'));
    expect(codes(fabi)).toEqual(['unhealthy', 'LOGGED_OUT']);
    expect(codes(colleague)).toEqual(['CONNECTION_UNHEALTHY', 'LOGGED_OUT']);
  } finally {
    fabi.close();
    colleague.close();
  }
});

/** The methods that users of the earlier systems call, by class. */
const METHODS = {
  client: ['initialize', 'sendMessage', 'sendMedia', 'getInfo', 'disconnect', 'reconnect', 'logout'],
  pool: [
    ...['createAndInitialize', 'sendMessage', 'sendMessageAuto', 'getReadyClients', 'getAllClientsInfo', 'getStats'],
    ...['healthCheck', 'restorePersistedSessions', 'shutdown'],
  ],
  instances: ['ensureUserInstance', 'connectUserWhatsApp', 'findUserInstance', 'createUserInstance'],
  notifications: ['sendToUser', 'sendUserNotification', 'notifyWhatsAppStatus', 'notifyNewMessage'],
};

test('the classes have the methods of the earlier systems, and these do what they say', async () => {
  const { pool, instances, notifications } = gateway.parts;
  const paired = 'loja-pool';
  await pool.createAndInitialize(paired);
  const code = await until('a code', () => pool.get(paired)?.qr?.code);
  await gateway.simulator.createPhone({ number: aNumber(), name: 'Loja' }).scan(code);
  await until('the login', () => pool.get(paired)?.estado === 'ready');
  const client = pool.get(paired)!;
  for (const [name, part] of Object.entries({ client, pool, instances, notifications })) {
    for (const method of METHODS[name as keyof typeof METHODS]) {
      expect([name, method, typeof (part as unknown as Record<string, unknown>)[method]]).toEqual([
        name,
        method,
        'function',
      ]);
    }
  }
  expect(await pool.createAndInitialize('pool-neu')).toMatchObject({ clientId: 'pool-neu', isReady: false });
  const ana = gateway.aCustomer();
  const first = await pool.sendMessage(paired, ana.number, 'pelo pool');
  const second = await client.sendMessage(ana.number, 'pelo cliente');
  const third = await pool.sendMessageAuto(ana.number, 'por qualquer um');
  const base64 = Buffer.from('%PDF-1.4').toString('base64');
  const fourth = await client.sendMedia(
    ana.number,
    { type: 'document', base64 },
    { fileName: 'nota.pdf', caption: 'a nota' },
  );
  for (const { whatsappId, connectionId, status } of [first, second, third, fourth]) {
    expect([connectionId, status]).toEqual([paired, 'ENVIADA']);
    await gateway.crm.mensagem(paired, whatsappId);
  }
  expect(pool.getReadyClients()).toContain(paired);
  expect((await pool.getAllClientsInfo()).map(({ clientId }) => clientId)).toEqual(
    expect.arrayContaining([paired, 'pool-neu']),
  );
  expect(pool.getStats()).toMatchObject({ readyClients: expect.any(Number), maxClients: 100 });
  expect(await client.getInfo()).toMatchObject({ clientId: paired, isReady: true, status: 'ready' });
  const check = await pool.healthCheck();
  expect(check.total).toBeGreaterThan(0);
  expect((await pool.restorePersistedSessions()).message).toMatch(/^\d+\/\d+ sessões restauradas$/);
  const user = randomUUID();
  expect(instances.findUserInstance(user)).toBeNull();
  // Not of the company whose pages listen below: they would hear how it connects.
  const made = await instances.createUserInstance(user, 'matriz');
  expect(made).toMatchObject({ created: true, instance: { instanceName: `user_${user}`, organizationText: 'matriz' } });
  expect((await instances.ensureUserInstance(user, 'matriz')).id).toBe(made.instance.id);
  expect((await instances.connectUserWhatsApp(user, 'matriz')).instance.id).toBe(made.instance.id);
  const [hana, colega] = [await page('hana', ['loja-1']), await page('ivo', ['loja-1'])];
  try {
    await notifications.sendToUser('hana', {
      type: 'qrcode',
      data: { instanceName: 'user_hana', status: 'waiting_qr' },
    });
    await notifications.sendUserNotification('hana', { title: 'Oi' });
    await notifications.notifyWhatsAppStatus('loja-1', 'user_hana', 'connected');
    await notifications.notifyNewMessage('loja-1', { conteudo: 'oi' });
    await until('all', () => hana.heard.length >= 4 && colega.heard.length >= 2);
    expect(hana.heard.map(({ body }) => body.type)).toEqual([
      'qrcode',
      'notification',
      'whatsapp_status',
      'new_message',
    ]);
    expect(colega.heard.map(({ body }) => body.type)).toEqual(['whatsapp_status', 'new_message']);
  } finally {
    hana.close();
    colega.close();
  }
});
