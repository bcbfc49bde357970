import { Curve } from '@whiskeysockets/baileys';
import { afterEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { checkSignaturesNatively, isSignedBy } from '../../src/whatsapp/signature-check.js';

const own = Curve.verify;
const pair = Curve.generateKeyPair();
const message = Buffer.from('the details of a certificate');
const signature = Curve.sign(pair.private, message);
const wrong = Curve.sign(Curve.generateKeyPair().private, message);

afterEach(() => {
  Curve.verify = own;
});

test('what Baileys signs is recognised, whatever the key and the text, and not for another text', () => {
  const text = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(text, (signed) => {
      const { public: key, private: secret } = Curve.generateKeyPair();
      const by = Curve.sign(secret, signed);
      expect(isSignedBy(key, signed, by)).toBe(true);
      expect(isSignedBy(key, Buffer.concat([signed, signed]), by)).toBe(false);
    }),
    { numRuns: 20 },
  );
});

test('one changed bit anywhere in the signature is noticed', () => {
  for (let bit = 0; bit < 512; bit += 7) {
    const changed = Buffer.from(signature);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(isSignedBy(pair.public, message, changed)).toBe(false);
  }
});

test("a key with Signal's type byte is the same key", () => {
  expect(isSignedBy(Buffer.concat([Buffer.of(5), pair.public]), message, signature)).toBe(true);
});

test('what cannot be a key or a signature signs nothing', () => {
  expect(isSignedBy(pair.public.subarray(1), message, signature)).toBe(false);
  expect(isSignedBy(pair.public, message, signature.subarray(1))).toBe(false);
  expect(isSignedBy(Buffer.alloc(32), message, signature)).toBe(false);
  // u = −1, where the way to Ed25519 divides by zero.
  expect(isSignedBy(Buffer.from(`ec${'ff'.repeat(30)}7f`, 'hex'), message, signature)).toBe(false);
});

test('a wrong signature is let through as before, and said', () => {
  const warn = jest.fn();
  checkSignaturesNatively({ warn: warn });
  expect(Curve.verify(pair.public, message, signature)).toBe(true);
  expect(warn).not.toHaveBeenCalled();
  expect(Curve.verify(pair.public, message, wrong)).toBe(true);
  expect(warn).toHaveBeenCalledTimes(1);
});

test('a certificate without a key or a signature is refused, as before', () => {
  checkSignaturesNatively({ warn: () => undefined });
  for (const verify of [own, Curve.verify]) {
    expect(verify(undefined as never, message, signature)).toBe(false);
    expect(verify(pair.public, message, Buffer.alloc(0))).toBe(false);
  }
});

test('Baileys alone says yes to a wrong signature: when this fails, it is time to refuse them', () => {
  expect(own(pair.public, message, wrong)).toBe(true);
});
