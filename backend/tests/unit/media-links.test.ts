import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { LinkSigner } from '../../src/media/link-signer.js';
import { tempDir } from './journal-fixture.js';

const MESSAGE = '6d0f2f3e-5a8c-4f5e-9d53-0c8d7f0f3a11';
const OTHER = '6d0f2f3e-5a8c-4f5e-9d53-0c8d7f0f3a12';
const NOW = Date.UTC(2026, 0, 1);
const EXPIRES = NOW / 1000 + 300;

async function aSigner(file?: string) {
  const signer = new LinkSigner(file ?? join(await tempDir(), 'key'));
  await signer.open();
  return signer;
}

test('a link is good for its message until its second, and after that for nobody', async () => {
  const signer = await aSigner();
  const proof = signer.sign(MESSAGE, EXPIRES);
  expect(signer.isValid(MESSAGE, proof, NOW)).toBe(true);
  expect(signer.isValid(MESSAGE.toUpperCase(), proof, NOW)).toBe(true);
  expect(signer.isValid(MESSAGE, proof, EXPIRES * 1000 - 1)).toBe(true);
  expect(signer.isValid(MESSAGE, proof, EXPIRES * 1000)).toBe(false);
});

test('nothing but what was signed is good: no other message, time, length or key', async () => {
  const signer = await aSigner();
  const proof = signer.sign(MESSAGE, EXPIRES);
  const forged = [
    { ...proof, expires: EXPIRES + 1 },
    { ...proof, signature: '' },
    { ...proof, signature: proof.signature.slice(0, -2) },
    { ...proof, signature: `${proof.signature}AA` },
    (await aSigner()).sign(MESSAGE, EXPIRES),
  ];
  for (const each of forged) expect(signer.isValid(MESSAGE, each, NOW)).toBe(false);
  expect(signer.isValid(OTHER, proof, NOW)).toBe(false);
});

test('the key is made once, for the gateway alone, and a link outlives a restart', async () => {
  const file = join(await tempDir(), 'new-folder', 'key');
  const proof = (await aSigner(file)).sign(MESSAGE, EXPIRES);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file)).toHaveLength(32);
  expect((await aSigner(file)).isValid(MESSAGE, proof, NOW)).toBe(true);
});

test('a cut-off key is refused rather than used', async () => {
  const file = join(await tempDir(), 'key');
  await writeFile(file, 'short');
  await expect(aSigner(file)).rejects.toThrow('remove it');
});
