import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet, type JWTPayload } from 'jose';
import { Authenticator } from '../../src/access/authenticator.js';
import { UserTokens } from '../../src/access/user-tokens.js';
import { systemClock } from '../../src/lib/clock.js';
import { partyOf } from '../../src/lib/party.js';

const SECRET = 'a-secret-that-signs-user-tokens';
const USER = randomUUID();
const COMPANY = randomUUID();
const claims: JWTPayload = { role: 'authenticated', sub: USER, app_metadata: { company_ids: [COMPANY, '', 1] } };

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pair: Pair;
let stranger: Pair;
let jwks: JSONWebKeySet;
let publicPem: string;
beforeAll(async () => {
  pair = await generateKeyPair('ES256', { extractable: true });
  stranger = await generateKeyPair('ES256');
  const jwk = await exportJWK(pair.publicKey);
  jwks = { keys: [{ ...jwk, kid: 'k1', alg: 'ES256' }] };
  publicPem = JSON.stringify(jwk);
});

const hs256 = (payload: JWTPayload = claims, secret = SECRET, expiresIn = '1h') =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(expiresIn).sign(Buffer.from(secret));
const es256 = (key: Pair = pair, kid = 'k1', payload: JWTPayload = claims) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid }).setExpirationTime('1h').sign(key.privateKey);

function tokens(more: Partial<ConstructorParameters<typeof UserTokens>[0]> = {}): UserTokens {
  return new UserTokens({ secret: () => SECRET, jwks: null, clock: systemClock, ...more });
}

describe('a user token', () => {
  test('stands for the user and the companies of app_metadata', async () => {
    expect(await tokens().authenticate(await hs256())).toEqual({
      name: `user:${USER}`,
      grants: new Set(['read', 'send', 'manage']),
      scope: { ownerId: USER, companyIds: [COMPANY] },
      ratePerMinute: null,
      expiresAt: expect.any(Number),
    });
  });

  test('of a user or a company that is no UUID stands for the UUID of that text', async () => {
    const identity = await tokens().authenticate(
      await hs256({ ...claims, sub: 'auth0|or(true)', app_metadata: { company_ids: ['loja-7', ' ', 7, COMPANY] } }),
    );
    const [user, company] = [partyOf('auth0|or(true)'), partyOf('loja-7')];
    expect(identity?.name).toBe(`user:${user.id}`);
    expect(identity?.scope).toEqual({
      ...{ ownerId: user.id, companyIds: [company.id, COMPANY] },
      texts: { [user.id]: 'auth0|or(true)', [company.id]: 'loja-7' },
    });
  });

  test.each<[string, JWTPayload, boolean]>([
    ['both right', { aud: 'authenticated', iss: 'https://abc.supabase.co/auth/v1' }, true],
    ['one of several audiences', { aud: ['x', 'authenticated'], iss: 'https://abc.supabase.co/auth/v1' }, true],
    ['another audience', { aud: 'other', iss: 'https://abc.supabase.co/auth/v1' }, false],
    ['another issuer', { aud: 'authenticated', iss: 'https://evil.example/auth/v1' }, false],
    ['an issuer that only begins so', { aud: 'authenticated', iss: 'https://abc.supabase.co/auth/v1/x' }, false],
    ['neither', {}, false],
  ])('with %s counts only if it is for this gateway, when that is configured', async (_, more, counts) => {
    const bound = { audience: 'authenticated', issuer: 'https://abc.supabase.co/auth/v1' };
    for (const token of [await hs256({ ...claims, ...more }), await es256(pair, 'k1', { ...claims, ...more })]) {
      expect((await tokens({ ...bound, jwks }).authenticate(token)) !== null).toBe(counts);
      expect(await tokens({ jwks }).authenticate(token)).not.toBeNull();
    }
  });

  test.each<[string, () => Promise<string>]>([
    ['of another secret', () => hs256(claims, 'another-secret-of-some-length')],
    ['that has expired', () => hs256(claims, SECRET, '-1m')],
    ['that never expires', () => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET))],
    ['of the service role', () => hs256({ ...claims, role: 'service_role' })],
    ['of the role postgres', () => hs256({ ...claims, role: 'postgres' })],
    ['of a role of our own invention', () => hs256({ ...claims, role: 'Authenticated' })],
    ['of a list of roles', () => hs256({ ...claims, role: ['authenticated'] })],
    ['of no role', () => hs256({ ...claims, role: undefined })],
    ['of the anon role', () => hs256({ ...claims, role: 'anon' })],
    ['of an anonymous sign-in', () => hs256({ ...claims, is_anonymous: true })],
    ['without a user', () => hs256({ role: 'authenticated' })],
    ['of a user without a name', () => hs256({ ...claims, sub: ' ' })],
    [
      'without a signature',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await hs256()).split('.')[1]}.`,
    ],
    [
      'without a signature, with alg none',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await hs256()).split('.')[1]}.AA`,
    ],
    ['that is no JSON', async () => 'aaa.bbb.ccc'],
    ['of public keys that were not given', () => es256()],
  ])('%s is nobody', async (_name, token) => {
    expect(await tokens().authenticate(await token())).toBeNull();
  });

  test('of an HS256 secret is nobody while none is known', async () => {
    expect(await tokens({ secret: () => null }).authenticate(await hs256())).toBeNull();
  });
});

describe('public keys', () => {
  test('verify what their private key has signed, and nothing else', async () => {
    const users = tokens({ jwks });
    expect(await users.authenticate(await es256())).toMatchObject({ name: `user:${USER}` });
    expect(await users.authenticate(await es256(stranger))).toBeNull();
    expect(await users.authenticate(await es256(pair, 'unknown'))).toBeNull();
  });

  test('are never taken for an HS256 secret', async () => {
    expect(await tokens({ jwks, secret: () => null }).authenticate(await hs256(claims, publicPem))).toBeNull();
  });
});

describe('public keys at a URL', () => {
  let server: Server | null = null;
  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise((done) => (server ? server.close(done) : done(null)));
    server = null;
  });

  async function serve(status: () => number): Promise<URL> {
    server = createServer((_req, res) => {
      res.writeHead(status(), { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(jwks));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`);
  }

  test('go on counting when the URL is away, and a first look that fails is a 503, not a 401', async () => {
    let status = 500;
    let now = Date.now();
    const users = tokens({ jwks: await serve(() => status), clock: { ...systemClock, now: () => now } });
    await expect(users.authenticate(await es256())).rejects.toMatchObject({ code: 'SIGN_IN_UNAVAILABLE' });
    status = 200;
    expect(await users.authenticate(await es256())).toMatchObject({ name: `user:${USER}` });
    status = 500;
    now += 20 * 60_000;
    expect(await users.authenticate(await es256())).toMatchObject({ name: `user:${USER}` });
  });

  test('that nobody serves are a 503', async () => {
    const users = tokens({ jwks: new URL('http://127.0.0.1:9/jwks.json') });
    await expect(users.authenticate(await es256())).rejects.toMatchObject({ code: 'SIGN_IN_UNAVAILABLE' });
  });
});

describe('whoever presents', () => {
  const authenticator = (rootKey: string | null) =>
    new Authenticator({ rootKey, keys: { authenticate: () => null }, users: tokens() });

  test.each<[string, string | null, () => Promise<string | undefined>, string | null]>([
    ['the root key', 'the-root-key-16c', async () => 'the-root-key-16c', 'root'],
    ['nothing, with a root key', 'the-root-key-16c', async () => undefined, null],
    ['nothing, without one', null, async () => undefined, 'anonymous'],
    ['some text, without one', null, async () => 'whatever', 'anonymous'],
    ['a token, without one', null, () => hs256(), `user:${USER}`],
    ['an expired token, without one', null, () => hs256(claims, SECRET, '-1m'), null],
    ['an unknown API key, without one', null, async () => 'sntl_x', null],
  ])('%s is known as such', async (_name, rootKey, presented, name) => {
    expect((await authenticator(rootKey).identify(await presented()))?.name ?? null).toBe(name);
  });
});
