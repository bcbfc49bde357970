import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { as, KEYS, ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { aGateway, CONNECTIONS, SEND, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway({
  API_KEY: ROOT_KEY,
  MAX_CONNECTIONS_PER_OWNER: '3',
  MAX_KEYS_PER_OWNER: '3',
  MAX_WEBHOOKS_PER_OWNER: '3',
  MAX_TEMPLATES_PER_OWNER: '3',
  MAX_SCHEDULED_PER_OWNER: '3',
  MAX_UPLOADS_PER_OWNER: '3',
  OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1',
});
const API = '/api/whatsapp-integration';
const aUser = () => {
  const sub = randomUUID();
  return { sub, headers: as(aUserToken(gateway.database.jwtSecret, sub)) };
};
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

describe('one owner ends at its quota, by the name of the setting, and others go on', () => {
  test.each<[string, string, (n: number) => [string, Record<string, unknown>]]>([
    ['409 CONNECTION_LIMIT', 'MAX_CONNECTIONS_PER_OWNER', () => [CONNECTIONS, { connectionId: `c-${randomUUID()}` }]],
    [
      '409 WEBHOOK_LIMIT',
      'MAX_WEBHOOKS_PER_OWNER',
      (n) => ['/api/whatsapp-bootstrap/webhooks', { url: `http://127.0.0.1:9/${n}` }],
    ],
    ['409 TEMPLATE_LIMIT', 'MAX_TEMPLATES_PER_OWNER', (n) => [`${API}/templates`, { nome: `m${n}`, texto: 'oi' }]],
  ])('%s (%s)', async (refusal, setting, call) => {
    const user = aUser();
    // All at once: those that are still being made count, too.
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => gateway.http.post(...call(n), user.headers)));
    expect(answers.map(verdict).sort()).toEqual(['201', '201', '201', refusal, refusal]);
    const refused = answers.find(({ status }) => status !== 201);
    expect(refused?.body.error).toMatchObject({
      message: expect.stringContaining(setting),
      details: { limit: 3, setting },
    });
    expect(verdict(await gateway.http.post(...call(6), aUser().headers))).toBe('201');
  });

  test('409 SCHEDULED_LIMIT (MAX_SCHEDULED_PER_OWNER), over all of its connections', async () => {
    const user = aUser();
    const shops = [await aShopOf(user.sub), await aShopOf(user.sub)];
    const schedule = (n: number, headers: Record<string, string>) =>
      gateway.http.post(
        `${API}/scheduled-messages`,
        { connectionId: shops[n % 2]!, to: '5511988887777', content: `${n}`, sendAt: inAnHour() },
        headers,
      );
    for (const n of [1, 2, 3]) expect(verdict(await schedule(n, user.headers))).toBe('201');
    const refused = await schedule(4, user.headers);
    expect(verdict(refused)).toBe('409 SCHEDULED_LIMIT');
    expect(refused.body.error?.message).toContain('MAX_SCHEDULED_PER_OWNER');
  });

  test('409 API_KEY_LIMIT (MAX_KEYS_PER_OWNER); a revoked key makes room', async () => {
    const ownerId = randomUUID();
    const make = () =>
      gateway.http.post<{ apiKey: { id: string } }>(KEYS, { name: 'k', grants: ['read'], ownerId }, as(ROOT_KEY));
    const first = await make();
    for (let n = 2; n <= 3; n++) expect(verdict(await make())).toBe('201');
    expect(verdict(await make())).toBe('409 API_KEY_LIMIT');
    await gateway.http.delete(`${KEYS}/${first.body.apiKey.id}`, as(ROOT_KEY));
    expect(verdict(await make())).toBe('201');
  });

  test('429 RATE_LIMITED (MAX_UPLOADS_PER_OWNER) while its uploads are under way; one that ends makes room', async () => {
    const user = aUser();
    const slow = [1, 2, 3].map(() => anUploadThatNeverEnds(user.headers));
    const full = () => gateway.http.request('POST', SEND, aForm(user.headers));
    await until('the quota to be used up', async () => verdict(await full()) === '429 RATE_LIMITED');
    expect((await full()).body.error?.message).toContain('MAX_UPLOADS_PER_OWNER');
    expect(verdict(await gateway.http.request('POST', SEND, aForm(aUser().headers)))).not.toContain('429');
    for (const upload of slow) upload.destroy();
    await until('room for another one', async () => verdict(await full()) !== '429 RATE_LIMITED');
  });
});

test('the root key is bound by MAX_CONNECTIONS alone', async () => {
  const ownerId = randomUUID();
  for (let n = 0; n < 5; n++) {
    const body = { connectionId: `root-${randomUUID()}`, ownerId };
    expect(verdict(await gateway.http.post(CONNECTIONS, body, as(ROOT_KEY)))).toBe('201');
  }
});

async function aShopOf(ownerId: string): Promise<string> {
  const connectionId = `loja-${randomUUID()}`;
  await gateway.http.post(CONNECTIONS, { connectionId, ownerId }, as(ROOT_KEY));
  const phone = gateway.simulator.createPhone({
    number: `55119${Math.floor(1e7 + Math.random() * 8e7)}`,
    name: 'Loja',
  });
  await phone.scan(await until('its QR', () => gateway.parts.pool.get(connectionId)?.qr?.code));
  await until('it to be ready', () => gateway.parts.pool.get(connectionId)?.estado === 'ready');
  return connectionId;
}

const BOUNDARY = 'limite';

function aForm(headers: Record<string, string>) {
  const body = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="connectionId"\r\n\r\nnenhuma\r\n--${BOUNDARY}--\r\n`;
  return { headers: { ...headers, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }, body };
}

function anUploadThatNeverEnds(headers: Record<string, string>) {
  const upload = request(gateway.http.baseUrl + SEND, {
    method: 'POST',
    headers: aForm(headers).headers,
    agent: false,
  });
  upload.on('error', () => undefined);
  upload.write(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\nbytes`);
  return upload;
}
