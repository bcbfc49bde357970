import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/lib/errors.js';
import { anApp, documented, KEY, UUID } from './scripted-gateway.js';
import { anInstance } from './scripted-pool.js';
import { partyOf } from '../../../src/lib/party.js';

const CONNECT = '/api/whatsapp/connect';
const INSTANCE = '/api/whatsapp/instance';
const OTHER = '11111111-1111-4111-8111-111111111111';
const scope = { ownerId: UUID, companyIds: [OTHER] };
const grants = new Set(['read', 'send', 'manage'] as const);
const identities = {
  'a.b.c': { name: `user:${UUID}`, grants, scope, ratePerMinute: null },
  sntl_k: { name: `key:${OTHER}`, grants, scope, ratePerMinute: null },
};
const bearer = (key: string) => ['authorization', `Bearer ${key}`] as const;

describe('instance routes answer as documented', () => {
  test('a signed-in user connects their own WhatsApp, without a word about who they are', async () => {
    const { http, calls } = anApp({ apiKey: KEY, identities });
    const res = await documented(http.post(CONNECT).set(...bearer('a.b.c')));
    expect([res.status, res.body]).toEqual([
      201,
      {
        ...{ success: true, instance: anInstance(UUID), qrCode: 'data:image/png;base64,AA==', code: '2@ref' },
        expiresAt: '2026-01-02T03:04:05.000Z',
      },
    ]);
    expect(calls[0]?.args).toEqual([{ user: partyOf(UUID), organization: null, scope, isProgram: false }]);
  });

  test('a program with a key may name user and organisation; what it may is judged behind the route', async () => {
    const { http, calls } = anApp({ apiKey: KEY, identities });
    const body = { userId: OTHER.toUpperCase(), organizationId: OTHER };
    await documented(
      http
        .post(CONNECT)
        .set(...bearer('sntl_k'))
        .send(body),
    );
    expect(calls[0]?.args).toEqual([{ user: partyOf(OTHER), organization: partyOf(OTHER), scope, isProgram: true }]);
  });

  test('get: the own one, or that of a named user; none is 404', async () => {
    const { http, calls } = anApp({ apiKey: KEY, identities });
    expect((await documented(http.get(INSTANCE).set(...bearer('a.b.c')))).body).toEqual({
      ...{ success: true, instance: anInstance(UUID) },
    });
    await documented(http.get(`${INSTANCE}?userId=${OTHER}`).set(...bearer('sntl_k')));
    expect(calls.map(({ args }) => args)).toEqual([
      [partyOf(UUID), scope],
      [partyOf(OTHER), scope],
    ]);
    const none = anApp({ instances: { findUserInstance: () => null } });
    const res = await documented(none.http.get(`${INSTANCE}?userId=${UUID}`));
    expect([res.status, res.body]).toMatchObject([404, { error: { code: 'CONNECTION_NOT_FOUND' } }]);
  });

  test.each(['FORBIDDEN', 'CONNECTION_TAKEN', 'CONNECTION_LIMIT'] as const)('connect can answer %s', async (code) => {
    const connectUserWhatsApp = () => Promise.reject(new GatewayError(code));
    const { http } = anApp({ instances: { connectUserWhatsApp } });
    const res = await documented(http.post(CONNECT).send({ userId: UUID }));
    expect(res.body).toMatchObject({ success: false, error: { code } });
  });

  test('nobody without a key, and no key that only reads or sends', async () => {
    const only = (grant: 'read' | 'send') => ({ ...identities.sntl_k, grants: new Set([grant]) });
    const { http } = anApp({ apiKey: KEY, identities: { sntl_r: only('read'), sntl_s: only('send') } });
    expect((await documented(http.post(CONNECT).send({}))).status).toBe(401);
    expect((await documented(http.get(INSTANCE))).status).toBe(401);
    for (const key of ['sntl_r', 'sntl_s']) {
      expect((await documented(http.post(CONNECT).set(...bearer(key)))).status).toBe(403);
    }
  });
});

test.each<[string, object, string, string]>([
  ['post', { userId: '' }, 'body.userId', 'must be a UUID'],
  ['post', { userId: UUID, organizationId: 7 }, 'body.organizationId', 'must be a string'],
  ['post', {}, 'body.userId', 'must name the user'],
  ['get', { userId: '' }, 'query.userId', 'must be a UUID'],
  ['get', {}, 'query.userId', 'must name the user'],
])('%s with %j names the field and the fix', async (method, input, field, problem) => {
  const { http } = anApp();
  const query = new URLSearchParams(input as Record<string, string>).toString();
  const res = await documented(method === 'get' ? http.get(`${INSTANCE}?${query}`) : http.post(CONNECT).send(input));
  expect(res.body).toMatchObject({ error: { code: 'BAD_REQUEST' } });
  const { details } = (res.body as { error: { details: unknown } }).error;
  expect(details).toEqual([{ field, problem: expect.stringContaining(problem) }]);
});
