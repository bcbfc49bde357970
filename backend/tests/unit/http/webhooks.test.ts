import { describe, expect, test } from '@jest/globals';
import { KEY, anApp, documented, UUID } from './scripted-gateway.js';
import { aDelivery, aWebhook } from './scripted-webhooks.js';

const PATH = '/api/whatsapp-bootstrap/webhooks';
const ONE = `${PATH}/${UUID}`;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe('webhook routes answer as documented', () => {
  test('create: 201 with the secret, shown once', async () => {
    const { http, calls } = anApp();
    const body = { url: 'https://example.com/h', events: ['messageReceived'], headers: { 'X-A': 'b' }, secret: SECRET };
    const res = await documented(http.post(PATH).send({ ...body, ownerId: UUID, formato: 'evolution' }));
    expect([res.status, res.body]).toEqual([201, { success: true, webhook: aWebhook(), secret: 'whsec_x' }]);
    expect(calls[0]?.args).toEqual([{ ...body, ownerId: UUID, formato: 'evolution' }, null]);
  });

  test('list, get, update, delete, test, deliveries, replay', async () => {
    const { http, calls } = anApp();
    const answers = [
      await documented(http.get(PATH)),
      await documented(http.get(ONE)),
      await documented(http.patch(ONE).send({ active: false })),
      await documented(http.post(`${ONE}/test`)),
      await documented(http.get(`${ONE}/deliveries?state=failed&limit=5`)),
      await documented(http.post(`${ONE}/replay`).send({ state: 'failed', since: '2026-01-01T00:00:00Z' })),
      await documented(http.delete(ONE)),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 200]);
    expect(answers[4]?.body).toEqual({ success: true, data: [aDelivery()], nextCursor: 'next' });
    expect(answers[5]?.body).toEqual({ success: true, replayed: 3 });
    expect(calls[4]?.args).toEqual([UUID, { limit: 5, cursor: null, state: 'failed' }, null]);
  });

  test('they ask for the key', async () => {
    const { http } = anApp({ apiKey: KEY });
    const answers = [http.get(PATH), http.post(PATH).send({ url: 'https://a.example' }), http.delete(ONE)];
    for (const res of await Promise.all(answers.map(documented))) expect(res.status).toBe(401);
  });
});

describe('a bad field is named, with the fix', () => {
  const url = 'https://example.com/h';
  test.each<[object, string, string]>([
    [{}, 'body.url', 'is missing'],
    [{ url: 'example.com' }, 'body.url', 'absolute http'],
    [{ url: 'ftp://example.com' }, 'body.url', 'absolute http'],
    [{ url: 7 }, 'body.url', 'must be a string'],
    [{ url, events: [] }, 'body.events', 'at least 1'],
    [{ url, events: ['message'] }, 'body.events.0', 'must be one of: *, messageReceived'],
    [{ url, event: ['qr'] }, 'body.event', 'must be left out'],
    [{ url, formato: 'wppconnect' }, 'body.formato', 'must be one of: sentinela, evolution, waha'],
    [{ url, headers: { Host: 'x' } }, 'body.headers.Host', 'a header that the gateway sets'],
    [{ url, headers: { 'webhook-id': 'x' } }, 'body.headers.webhook-id', 'must'],
    [{ url, headers: { 'bad name': 'x' } }, 'body.headers.bad name', 'the name of a header'],
    [{ url, headers: { 'X-A': 'a\r\nB: c' } }, 'body.headers.X-A', 'visible ASCII'],
    [{ url, secret: 'short' }, 'body.secret', '8 to 200'],
    [{ url, ownerId: '' }, 'body.ownerId', 'must be a UUID'],
    [{ url, connectionId: '../x' }, 'body.connectionId', 'must be 1 to 64'],
  ])('%j', async (body, field, why) => {
    const res = await documented(anApp().http.post(PATH).send(body));
    const { error } = res.body as { error: { code: string; details: { field: string; problem: string }[] } };
    expect([res.status, error.code]).toEqual([400, 'BAD_REQUEST']);
    expect(error.details[0]?.field).toBe(field);
    expect(error.details[0]?.problem).toContain(why);
  });

  test.each<[object]>([[{}], [{ active: 'no' }], [{ unknown: 1 }]])('update %j', async (body) => {
    expect((await documented(anApp().http.patch(ONE).send(body))).status).toBe(400);
  });

  test.each<[object]>([
    [{}],
    [{ until: '2026-01-01T00:00:00Z' }],
    [{ since: 'yesterday' }],
    [{ deliveries: [] }],
    [{ deliveries: [0] }],
    [{ deliveries: [1], state: 'failed' }],
    [{ state: 'pending' }],
  ])('replay %j', async (body) => {
    expect((await documented(anApp().http.post(`${ONE}/replay`).send(body))).status).toBe(400);
  });

  test.each([`${PATH}/not-a-uuid`, `${ONE}/deliveries?state=lost`, `${ONE}/deliveries?limit=0`])('%s', async (path) => {
    expect((await documented(anApp().http.get(path))).status).toBe(400);
  });
});
