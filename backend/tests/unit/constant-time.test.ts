import { beforeEach, expect, jest, test } from '@jest/globals';
import * as crypto from 'node:crypto';

/** The lengths of what was compared in constant time. */
const compared: [number, number][] = [];
// Time itself cannot be tested on a busy machine; that the comparison is Node's constant one can.
jest.unstable_mockModule('node:crypto', () => ({
  ...crypto,
  timingSafeEqual: (a: Uint8Array, b: Uint8Array) => {
    compared.push([a.length, b.length]);
    return crypto.timingSafeEqual(a, b);
  },
}));
const { isSameSecret } = await import('../../src/lib/same-secret.js');
const { Authenticator } = await import('../../src/access/authenticator.js');
const { isOneOf, sha256Hex } = await import('../../src/access/key-text.js');
const { resolveApiKey } = await import('../../src/supabase/local/api-key.js');

const SECRET = 'uma-chave-bem-longa';
const DIGESTS = [32, 32];

beforeEach(() => {
  compared.length = 0;
});

test.each([
  [SECRET, true],
  ['uma-chave-bem-longA', false],
  ['Uma-chave-bem-longa', false],
  ['uma', false],
  [`${SECRET}${SECRET}`, false],
  ['', false],
])('%j is compared as a digest, in constant time', (presented, same) => {
  expect(isSameSecret(presented, SECRET)).toBe(same);
  expect(compared).toEqual([DIGESTS]);
});

test("the root key's comparison takes as long for any key", async () => {
  const authenticator = new Authenticator({
    rootKey: SECRET,
    keys: { authenticate: () => null },
    users: { authenticate: () => Promise.resolve(null) },
  });
  expect(await authenticator.identify(SECRET)).not.toBeNull();
  expect(await authenticator.identify('x')).toBeNull();
  expect(compared).toEqual([DIGESTS, DIGESTS]);
});

test('an API key is compared with every secret that is accepted, whichever is the right one', () => {
  const secrets = [SECRET, 'outra'].map((text) => ({ sha256: sha256Hex(text), until: null }));
  expect(isOneOf(SECRET, secrets, 0)).toBe(true);
  expect(compared).toEqual([DIGESTS, DIGESTS]);
});

test('the keys of the local database API are compared so, too', () => {
  const keys = { serviceRoleKey: SECRET, anonKey: 'publica', jwtSecret: 'segredo' };
  expect(resolveApiKey('publica', keys as never)).toMatchObject({ claims: { role: 'anon' } });
  expect(compared).toEqual([DIGESTS, DIGESTS]);
});
