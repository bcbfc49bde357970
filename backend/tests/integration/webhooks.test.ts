import { beforeEach, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { webhookBody } from '../../src/http/schemas/webhook-payloads.js';
import type { DeliveryResource, WebhookResource } from '../../src/integration/webhook-resources.js';
import type { WebhookEventType } from '../../src/notifications/webhooks/webhook-events.js';
import { aGateway, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const WEBHOOKS = '/api/whatsapp-bootstrap/webhooks';
const gateway = aGateway({ OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1' });
let receiver: WebhookReceiver;

beforeEach(async () => {
  receiver = await aReceiver();
});

async function aReceiver(): Promise<WebhookReceiver> {
  const one = new WebhookReceiver();
  await one.up();
  gateway.onClose(() => one.down());
  return one;
}

interface Created {
  webhook: WebhookResource;
  secret: string;
}

async function aWebhook(body: Record<string, unknown> = {}): Promise<Created> {
  const { body: created } = await gateway.http.post<Created>(WEBHOOKS, { url: receiver.url, ...body });
  return created;
}

async function ledger(id: string): Promise<DeliveryResource[]> {
  const { body } = await gateway.http.get<{ data: DeliveryResource[] }>(`${WEBHOOKS}/${id}/deliveries?limit=200`);
  return body.data;
}

const patch = (id: string, body: unknown) =>
  gateway.http.request<Created>('PATCH', `${WEBHOOKS}/${id}`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('a message, its answer and its receipts are told, signed, as the document says', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const { secret } = await aWebhook({ connectionId: id, headers: { 'X-Token': 'abc' } });
  const ana = gateway.aCustomer();
  await ana.send(phone, 'oi').receipted;
  await gateway.send(id, { to: ana.number, type: 'text', content: 'olá' });
  await until('the answer', () => receiver.ofType('messageSent').length === 1);
  await until('its status', () => receiver.ofType('messageStatus').length >= 1);
  const [received] = receiver.ofType('messageReceived');
  expect(received?.json.data).toMatchObject({ conteudo: 'oi', tipo: 'TEXTO', remetente: 'CLIENTE', origem: null });
  const row = await gateway.crm.mensagem(id, String(received?.json.data['whatsappId']));
  expect([row['id'], row['atendimento_id']]).toEqual([
    received?.json.data['mensagemId'],
    received?.json.data['atendimentoId'],
  ]);
  for (const { json, body, headers } of receiver.received) {
    webhookBody(json.type as WebhookEventType)
      .strict()
      .parse(json);
    new Webhook(secret).verify(body, headers as Record<string, string>);
    expect(headers['x-token']).toBe('abc');
  }
});

test('secrets and header values are shown once or never', async () => {
  const { webhook, secret } = await aWebhook({ headers: { Authorization: 'Bearer hidden' } });
  expect(secret).toMatch(/^whsec_/);
  const texts = [
    (await gateway.http.get(WEBHOOKS)).bytes.toString(),
    (await gateway.http.get(`${WEBHOOKS}/${webhook.id}`)).bytes.toString(),
    (await patch(webhook.id, { name: 'outro' })).bytes.toString(),
  ];
  for (const text of texts) {
    expect(text).toContain('[redacted]');
    expect(text).not.toContain('hidden');
    expect(text).not.toContain(secret);
  }
  const rotated = (await patch(webhook.id, { secret: 'rotate' })).body.secret;
  expect(rotated).not.toBe(secret);
  expect((await gateway.http.post(`${WEBHOOKS}/${webhook.id}/test`)).body).toMatchObject({ delivery: { ok: true } });
  // A receiver that has not changed over yet still finds its signature.
  const { body, headers } = receiver.received.at(-1)!;
  for (const valid of [secret, rotated]) new Webhook(valid).verify(body, headers as Record<string, string>);
  await gateway.http.delete(`${WEBHOOKS}/${webhook.id}`);
});

describe('what an answer means', () => {
  test('400 fails one event, which can be replayed; the next one goes out', async () => {
    const { id, phone } = await gateway.aPairedConnection();
    const { webhook } = await aWebhook({ connectionId: id, events: ['messageReceived'] });
    receiver.answer = ({ json }, res) => void res.writeHead(json.data['conteudo'] === 'ruim' ? 400 : 200).end();
    const ana = gateway.aCustomer();
    await ana.send(phone, 'ruim').receipted;
    await ana.send(phone, 'boa').receipted;
    await until('both', async () => (await ledger(webhook.id)).every(({ state }) => state !== 'pending'));
    await until('two', async () => (await ledger(webhook.id)).filter(({ state }) => state !== 'pending').length === 2);
    const [good, bad] = await ledger(webhook.id);
    expect([good, bad]).toMatchObject([
      { state: 'delivered', status: 200, attempts: 1, error: null },
      { state: 'failed', status: 400, attempts: 1 },
    ]);
    receiver.answer = (_delivery, res) => void res.writeHead(200).end();
    const replay = await gateway.http.post(`${WEBHOOKS}/${webhook.id}/replay`, { state: 'failed' });
    expect(replay.body).toEqual({ success: true, replayed: 1 });
    await until('the replay', async () => (await ledger(webhook.id)).every(({ state }) => state === 'delivered'));
    const ids = receiver.received.filter(({ json }) => json.data['conteudo'] === 'ruim').map((delivery) => delivery.id);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  });

  test('503 holds the line: nothing overtakes, and the event comes again under its id', async () => {
    const { id, phone } = await gateway.aPairedConnection();
    await aWebhook({ connectionId: id, events: ['messageReceived'] });
    let refusals = 2;
    receiver.answer = (_delivery, res) => void res.writeHead(refusals-- > 0 ? 503 : 200).end();
    const ana = gateway.aCustomer();
    for (const text of ['um', 'dois', 'três']) await ana.send(phone, text).receipted;
    await until('all', () => receiver.fresh.length === 3);
    expect(receiver.received.map(({ json }) => json.data['conteudo'])).toEqual(['um', 'um', 'um', 'dois', 'três']);
  });

  test('410 switches the webhook off, with an alert; switched on again it goes on', async () => {
    const { id, phone } = await gateway.aPairedConnection();
    const { webhook } = await aWebhook({ connectionId: id, events: ['messageReceived'] });
    const alerts: string[] = [];
    const off = gateway.parts.events.on('alert', ({ code }) => alerts.push(code));
    receiver.answer = (_delivery, res) => void res.writeHead(410).end();
    await gateway.aCustomer().send(phone, 'um').receipted;
    await until('the alert', () => alerts.includes('WEBHOOK_DISABLED'));
    off();
    const { body } = await gateway.http.get<{ data: WebhookResource }>(`${WEBHOOKS}/${webhook.id}`);
    expect(body.data).toMatchObject({ active: false, motivo: 'the receiver answered 410 Gone' });
    receiver.answer = (_delivery, res) => void res.writeHead(200).end();
    await patch(webhook.id, { active: true });
    await gateway.aCustomer().send(phone, 'dois').receipted;
    await until('the next one', () => receiver.fresh.some(({ json }) => json.data['conteudo'] === 'dois'));
  });
});

test('Evolution and WAHA receivers get the shapes they know', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const waha = await aReceiver();
  await aWebhook({ connectionId: id, formato: 'evolution' });
  await aWebhook({ connectionId: id, formato: 'waha', url: waha.url, secret: 'my-secret-key' });
  const ana = gateway.aCustomer();
  await ana.send(phone, 'oi').receipted;
  const inEvolution = () => receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  const upsert = await until('the upsert', () => inEvolution().find(({ event }) => event === 'messages.upsert'));
  expect(upsert).toMatchObject({
    instance: id,
    data: {
      key: { remoteJid: `${ana.number}@s.whatsapp.net`, fromMe: false },
      message: { conversation: 'oi' },
      messageType: 'conversation',
      instanceId: id,
    },
  });
  const taken = await until('the message', () =>
    waha.received.find(({ body }) => (JSON.parse(body) as { event: string }).event === 'message'),
  );
  const body = JSON.parse(taken.body) as { payload: Record<string, unknown>; session: string };
  expect(body).toMatchObject({ session: id, payload: { from: `${ana.number}@c.us`, fromMe: false, body: 'oi' } });
  const hmac = createHmac('sha512', 'my-secret-key').update(taken.body).digest('hex');
  expect(taken.headers['x-webhook-hmac']).toBe(hmac);
});

test('a webhook without owner hears of the gateway itself; one of a connection does not', async () => {
  const { id } = await gateway.aPairedConnection();
  await aWebhook({ events: ['alert'] });
  await aWebhook({ events: ['alert'], connectionId: id, headers: { 'X-Of': 'connection' } });
  gateway.parts.events.emit('alert', { severity: 'warning', code: 'DISK', message: 'disco quase cheio' });
  await until('the alert', () => receiver.ofType('alert').some(({ json }) => json.data['code'] === 'DISK'));
  expect(receiver.received.filter(({ headers }) => headers['x-of'] !== undefined)).toEqual([]);
});

describe('what is wrong is said', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ url: 'http://169.254.169.254/' }, '422 FORBIDDEN_DESTINATION'],
    [{ url: 'http://10.0.0.1/' }, '422 FORBIDDEN_DESTINATION'],
    [{ url: 'http://user:pw@example.com/' }, '400 BAD_REQUEST'],
    [{ url: 'https://example.com/', secret: 'no-whsec-secret' }, '400 BAD_REQUEST'],
    [{ url: 'https://example.com/', formato: 'waha', events: ['contactUpdated'] }, '400 BAD_REQUEST'],
    [{ url: 'https://example.com/', connectionId: 'nobody' }, '404 CONNECTION_NOT_FOUND'],
  ])('%j → %s', async (body, expected) => {
    expect(verdict(await gateway.http.post(WEBHOOKS, body))).toBe(expected);
  });

  test('an unknown webhook is 404 everywhere', async () => {
    const path = `${WEBHOOKS}/3f0e8c1a-6a1f-4f2e-9b7a-1f2e3d4c5b6a`;
    const answers = [
      await gateway.http.get(path),
      await gateway.http.delete(path),
      await gateway.http.post(`${path}/test`),
      await gateway.http.get(`${path}/deliveries`),
      await gateway.http.post(`${path}/replay`, { state: 'failed' }),
    ];
    expect(answers.map(verdict)).toEqual(new Array(5).fill('404 WEBHOOK_NOT_FOUND'));
  });

  test('a foreign owner sees and makes nothing of another one', async () => {
    const { webhook } = await aWebhook();
    const scope = { ownerId: '3f0e8c1a-6a1f-4f2e-9b7a-1f2e3d4c5b6a', companyIds: [] };
    const { webhooks } = gateway.parts;
    expect(webhooks.list(scope)).toEqual([]);
    expect(() => webhooks.get(webhook.id, scope)).toThrow('There is no such webhook.');
    await expect(webhooks.create({ url: receiver.url, ownerId: webhook.id }, scope)).rejects.toThrow('your own id');
  });
});
