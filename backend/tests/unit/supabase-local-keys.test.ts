import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveApiKey, verifyHs256 } from '../../src/supabase/local/api-key.js';
import { localKeys } from '../../src/supabase/local/keys.js';
import { redact } from '../../src/supabase/local/redaction.js';
import { aUserToken } from '../support/database.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'keys-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('keys of the local API', () => {
  test('are made once, kept for the owner only, and the same after a restart', async () => {
    const first = await localKeys(dir, {});
    expect(await localKeys(dir, {})).toEqual(first);
    expect((await stat(join(dir, 'supabase-keys.json'))).mode & 0o777).toBe(0o600);
    expect(new Set(Object.values(first)).size).toBe(3);
  });

  test('of the settings come first', async () => {
    expect(await localKeys(dir, { serviceRoleKey: 'mine', anonKey: null })).toMatchObject({ serviceRoleKey: 'mine' });
  });

  test('a damaged file is said, not replaced', async () => {
    await writeFile(join(dir, 'supabase-keys.json'), '{');
    await expect(localKeys(dir, {})).rejects.toMatchObject({ code: 'BAD_CONFIGURATION' });
  });
});

describe('an apikey', () => {
  const keys = { serviceRoleKey: 'service', anonKey: 'anon', jwtSecret: 'secret' };
  test.each([
    ['service', 'secret'],
    ['anon', 'publishable'],
    [aUserToken('secret', 'x', { role: 'service_role' }), 'secret'],
    [aUserToken('secret', 'x', { role: 'anon' }), 'publishable'],
  ])('%# stands for a role', (key, type) => {
    expect(resolveApiKey(key, keys)?.type).toBe(type);
  });

  test.each([
    ['', 'empty'],
    ['servic', 'a prefix'],
    [aUserToken('other', 'x', { role: 'service_role' }), 'signed by another'],
    [aUserToken('secret', 'x'), "a user's token"],
    [aUserToken('secret', 'x', { role: 'service_role', exp: 1 }), 'expired'],
    [aUserToken('secret', 'x', { role: 'service_role', nbf: 9e9 }), 'not yet valid'],
    ['eyJhbGciOiJub25lIn0.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.', 'without a signature'],
  ])('%# is refused when it is %s', (key) => {
    expect(resolveApiKey(key, keys)).toBeNull();
  });

  test('an algorithm other than HS256 is refused even with a right signature', () => {
    const token = aUserToken('secret', 'x');
    const [, payload, signature] = token.split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(verifyHs256(`${header}.${payload}.${signature}`, 'secret')).toBeNull();
  });
});

test('what gets from the API thread into a log carries no text of a query', () => {
  const error = Object.assign(new Error("failed: insert 'Olá' 5511999999999"), {
    code: '23514',
    detail: 'Olá',
    query: 'Olá',
  });
  const shown = JSON.stringify(redact(['Olá', error]));
  expect(shown).toContain('23514');
  expect(shown).not.toMatch(/Olá|5511/);
});
