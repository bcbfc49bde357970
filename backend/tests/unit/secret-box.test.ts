import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SecretBox, SECRETS_FILE } from '../../src/journal/secret-box.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-secrets-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('a secret opens after a restart, and only for what it was sealed for', async () => {
  const sealed = await new SecretBox(dir).seal('segredo', 'proxy:loja-1');
  const later = new SecretBox(dir);
  expect(later.open(sealed, 'proxy:loja-1')).toBe('segredo');
  expect(later.open(sealed, 'proxy:loja-2')).toBeNull();
  expect(later.open(`${sealed.slice(0, -2)}AA`, 'proxy:loja-1')).toBeNull();
  expect(sealed).not.toContain('segredo');
});

test('the key lies in a file of mode 0600, made by the first secret, one for all that come at once', async () => {
  const box = new SecretBox(dir);
  expect(box.open('v1.AAAA', 'x')).toBeNull();
  await expect(stat(join(dir, SECRETS_FILE))).rejects.toThrow('ENOENT');
  const sealed = await Promise.all(['a', 'b', 'c'].map((secret) => box.seal(secret, 'x')));
  expect(sealed.map((each) => new SecretBox(dir).open(each, 'x'))).toEqual(['a', 'b', 'c']);
  expect((await stat(join(dir, SECRETS_FILE))).mode & 0o777).toBe(0o600);
});

test('without its key file a secret does not open, and a damaged file is said', async () => {
  const sealed = await new SecretBox(dir).seal('segredo', 'x');
  const key = await readFile(join(dir, SECRETS_FILE));
  await rm(join(dir, SECRETS_FILE));
  expect(new SecretBox(dir).open(sealed, 'x')).toBeNull();
  await writeFile(join(dir, SECRETS_FILE), key.subarray(1));
  expect(() => new SecretBox(dir).open(sealed, 'x')).toThrow(SECRETS_FILE);
});
