import { describe, expect, test } from '@jest/globals';
import { silentLog } from '../../../src/lib/log.js';
import { KEY, anApp, documented } from './scripted-gateway.js';

const STATUS = '/api/whatsapp-bootstrap/status';
const CONNECTIONS = '/api/whatsapp-integration/connections';
const OPEN = { apiKey: KEY, host: '0.0.0.0' };

describe('with a key', () => {
  test.each<[string, Record<string, string>, string, number]>([
    ['the key as bearer', { Authorization: `Bearer ${KEY}` }, STATUS, 200],
    ['the key as bearer, in another case', { Authorization: `bearer ${KEY}` }, STATUS, 200],
    ['the key as x-api-key', { 'x-api-key': KEY }, STATUS, 200],
    ['the key as apikey, on a route of Evolution API', { apikey: KEY }, '/instance/fetchInstances', 200],
    ['the key as apikey, elsewhere', { apikey: KEY }, STATUS, 401],
    ['no key', {}, STATUS, 401],
    ['a wrong key', { 'x-api-key': 'wrong' }, STATUS, 401],
    ['a longer key', { 'x-api-key': `${KEY}x` }, STATUS, 401],
    ['an empty bearer', { Authorization: 'Bearer ' }, STATUS, 401],
    ['the key as basic', { Authorization: `Basic ${KEY}` }, STATUS, 401],
    ['the key in the query', {}, `${STATUS}?apiKey=${KEY}&api_key=${KEY}&x-api-key=${KEY}`, 401],
    ['no key, for a probe', {}, '/health/live', 200],
    ['no key, for the other probe', {}, '/health/ready', 200],
    ['another Host with the key', { Host: 'gateway.example', 'x-api-key': KEY }, STATUS, 200],
  ])('%s: %s %s → %i', async (_name, headers, path, status) => {
    const res = await documented(anApp(OPEN).http.get(path).set(headers));
    expect(res.status).toBe(status);
    if (status === 401) expect(res.get('WWW-Authenticate')).toMatch(/^Bearer/);
  });

  test('nothing of a request without it is read or done', async () => {
    const { http, calls } = anApp(OPEN);
    const res = await http.post(CONNECTIONS).set('Content-Type', 'application/json').send('{broken');
    expect([res.status, calls]).toEqual([401, []]);
  });

  test.each(['/docs/', '/openapi.json'])('%s is for the key, and for browsers on this machine', async (path) => {
    const { http } = anApp(OPEN);
    const statusFor = async (headers: Record<string, string>) => (await http.get(path).set(headers)).status;
    expect(await statusFor({})).toBe(200);
    expect(await statusFor({ Host: 'gateway.example' })).toBe(401);
    expect(await statusFor({ 'X-Forwarded-For': '203.0.113.7' })).toBe(401);
    expect(await statusFor({ Host: 'gateway.example', 'x-api-key': KEY })).toBe(200);
  });
});

describe('without a key', () => {
  test.each<[string, Record<string, string>, number]>([
    ['localhost', { Host: 'localhost:3001' }, 200],
    ['an IPv6 loopback', { Host: '[::1]:3001' }, 200],
    ['a name that was pointed at us (DNS rebinding)', { Host: 'evil.example:3001' }, 403],
    ['a name that begins like loopback', { Host: '127.0.0.1.evil.example' }, 403],
    ['a name with our name as user', { Host: 'localhost@evil.example' }, 403],
    ['a proxy that speaks for somebody else', { 'X-Forwarded-For': '203.0.113.7' }, 403],
    ['a page of an allowed origin', { Origin: 'http://localhost:5173' }, 200],
    ['our own page', { Host: 'localhost:3001', Origin: 'http://localhost:3001' }, 200],
    ['a page of somebody else', { Origin: 'https://evil.example' }, 403],
    ['a page of another local port', { Origin: 'http://localhost:9999' }, 403],
    ['a page without an origin (sandboxed frame, file)', { Origin: 'null' }, 403],
  ])('%s: %j → %i', async (_name, headers, status) => {
    const res = await documented(anApp().http.get(STATUS).set(headers));
    expect(res.status).toBe(status);
    if (status === 403) expect(res.body).toMatchObject({ error: { code: 'FORBIDDEN_HOST' } });
  });

  test.each([
    ...[
      'Via',
      'Forwarded',
      'X-Forwarded-For',
      'X-Forwarded-Proto',
      'X-Forwarded-Host',
      'X-Forwarded-Server',
      'X-Real-IP',
    ],
    ...[
      'CF-Connecting-IP',
      'CF-Ray',
      'True-Client-IP',
      'X-Client-IP',
      'X-Cluster-Client-IP',
      'Fly-Client-IP',
      'CDN-Loop',
    ],
    ...[
      'X-Original-Forwarded-For',
      'X-Envoy-External-Address',
      'X-Azure-ClientIP',
      'Fastly-Client-IP',
      'Ngrok-Trace-Id',
    ],
  ])('whatever came by a proxy that says %s is refused', async (header) => {
    const res = await documented(anApp().http.get(STATUS).set(header, '203.0.113.7'));
    expect([res.status, (res.body as { error: { code: string } }).error.code]).toEqual([403, 'FORBIDDEN_HOST']);
    expect(
      (
        await anApp(OPEN)
          .http.get(STATUS)
          .set({ [header]: '203.0.113.7', 'x-api-key': KEY })
      ).status,
    ).toBe(200);
  });

  test.each<[string, string, Record<string, string>, number]>([
    ['a picture on a page of another site', STATUS, { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['the docs in a frame of another site', '/openapi.json', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['the figures as a script of another site', '/metrics', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    [
      'an allowed page that asks by fetch',
      STATUS,
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'http://localhost:5173' },
      200,
    ],
    ['the address bar', STATUS, { 'Sec-Fetch-Site': 'none' }, 200],
    ['our own docs', STATUS, { 'Sec-Fetch-Site': 'same-origin' }, 200],
    ['a probe', '/health/live', { 'Sec-Fetch-Site': 'cross-site' }, 200],
  ])('%s: %s %j → %i', async (_name, path, headers, status) => {
    expect((await documented(anApp().http.get(path).set(headers))).status).toBe(status);
  });

  test('with a key set, what is open to this machine is closed to pages of other sites', async () => {
    const { http } = anApp(OPEN);
    expect((await http.get('/openapi.json').set('Sec-Fetch-Site', 'cross-site')).status).toBe(401);
    expect((await http.get(STATUS).set({ 'Sec-Fetch-Site': 'cross-site', 'x-api-key': KEY })).status).toBe(200);
  });

  test('a key that is sent all the same does no harm', async () => {
    expect((await documented(anApp().http.get(STATUS).set('x-api-key', 'whatever'))).status).toBe(200);
  });
});

describe('browsers', () => {
  test('of an allowed origin may ask first and read the answer', async () => {
    const { http } = anApp(OPEN);
    const asked = await http
      .options(CONNECTIONS)
      .set({ Origin: 'http://localhost:5173', 'Access-Control-Request-Method': 'POST' });
    expect(asked.status).toBe(204);
    expect(asked.get('Access-Control-Allow-Origin')).toBe('http://localhost:5173');
    expect(asked.get('Access-Control-Allow-Headers')).toContain('Idempotency-Key');
    const answered = await http.get(STATUS).set({ Origin: 'http://localhost:5173', 'x-api-key': KEY });
    expect(answered.get('Access-Control-Expose-Headers')).toContain('X-Request-Id');
  });

  test('of another origin may not read it', async () => {
    const res = await anApp(OPEN).http.get(STATUS).set({ Origin: 'https://evil.example', 'x-api-key': KEY });
    expect(res.get('Access-Control-Allow-Origin')).toBeUndefined();
  });

  test('get headers that allow nothing, and on /docs only what is ours', async () => {
    const { http } = anApp();
    const api = await http.get(STATUS);
    expect(api.get('Content-Security-Policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(api.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
    expect(api.headers).not.toHaveProperty('x-powered-by');

    const docs = await http.get('/docs/');
    expect([docs.status, docs.type]).toEqual([200, 'text/html']);
    expect(docs.text).not.toMatch(/(src|href)="https?:/);
    expect(docs.get('Content-Security-Policy')).toMatch(/^default-src 'self';style-src 'self' 'unsafe-inline'/);
    for (const [, asset] of docs.text.matchAll(/(?:src|href)="\.\/([^"]+)"/g))
      expect([asset, (await http.get(`/docs/${asset}`)).status]).toEqual([asset, 200]);
  });

  test('that leave out the last slash of /docs still find its scripts', async () => {
    const res = await anApp().http.get('/docs').redirects(1);
    expect([res.status, new URL(res.request.url).pathname]).toEqual([200, '/docs/']);
  });
});

describe('the rate limit', () => {
  test('answers 429 in the envelope with Retry-After, and probes go on', async () => {
    const { http } = anApp({ ratePerMinute: 2 });
    for (const status of [200, 200, 429]) expect((await documented(http.get(STATUS))).status).toBe(status);
    const res = await documented(http.get(STATUS));
    expect(Number(res.get('Retry-After'))).toBeGreaterThan(0);
    expect(res.body).toMatchObject({ success: false, error: { code: 'RATE_LIMITED' } });
    expect((await http.get('/health/live')).status).toBe(200);
  });

  test('of strangers does not touch who has the key', async () => {
    const { http } = anApp({ ...OPEN, ratePerMinute: 2 });
    for (const status of [401, 401, 429]) expect((await http.get(STATUS)).status).toBe(status);
    expect((await http.get(STATUS).set('x-api-key', KEY)).status).toBe(200);
  });
});

describe('every request', () => {
  test.each([
    ['abc-123', 'abc-123'],
    ['with space', undefined],
    ['x'.repeat(65), undefined],
    ['<script>', undefined],
  ])('with X-Request-Id %j is answered under it if it is a plain one', async (given, echoed) => {
    const id = (await anApp().http.get(STATUS).set('X-Request-Id', given)).get('X-Request-Id');
    if (echoed) expect(id).toBe(echoed);
    else expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is one log line with the pattern of its route and nothing of its content', async () => {
    const lines: object[] = [];
    const info = (message: string, meta?: object) => void lines.push({ message, ...meta });
    const { http } = anApp({ log: { ...silentLog, info } });
    await http.get(`${CONNECTIONS}/5511999999999/qr?format=json`).set('X-Request-Id', 'r-1');
    await http.get('/5511999999999');
    await http.get('/health/live');
    expect(lines).toEqual([
      {
        ...{ message: 'request', requestId: 'r-1', method: 'GET', status: 200 },
        ...{ route: `${CONNECTIONS}/:id/qr`, ms: expect.any(Number) },
      },
      expect.objectContaining({ route: 'unknown', status: 404 }),
    ]);
  });
});

describe('/metrics', () => {
  const status = async (access: 'local' | 'key' | 'public', headers: Record<string, string>) =>
    (
      await anApp({ ...OPEN, metricsAccess: access })
        .http.get('/metrics')
        .set(headers)
    ).status;

  test.each<['local' | 'key' | 'public', number, number, number]>([
    ['local', 200, 401, 200],
    ['key', 401, 401, 200],
    ['public', 200, 200, 200],
  ])(
    'METRICS_ACCESS=%s: on this machine %i, from elsewhere %i, with the key %i',
    async (access, here, there, keyed) => {
      expect(await status(access, {})).toBe(here);
      expect(await status(access, { Host: 'gateway.example' })).toBe(there);
      expect(await status(access, { Host: 'gateway.example', 'x-api-key': KEY })).toBe(keyed);
    },
  );
});
