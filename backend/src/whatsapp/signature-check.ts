import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { Curve, type SocketConfig } from '@whiskeysockets/baileys';

/** The field of Curve25519. */
const P = 2n ** 255n - 19n;
/** What stands before a raw Ed25519 key in its DER form (RFC 8410). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const SIGN_BIT = 0x80;

/**
 * Whether a Curve25519 key has signed this (XEdDSA, the scheme of Signal and WhatsApp): the key as its Ed25519 twin,
 * whose sign is the highest bit of the signature, and then an ordinary Ed25519 signature, which OpenSSL checks.
 * @param publicKey 32 bytes, or 33 with Signal's type byte before them
 * @returns false also for what cannot be a key or a signature
 */
export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!areShaped(publicKey, signature)) return false;
  const plain = Buffer.from(signature);
  const sign = plain[63]! & SIGN_BIT;
  plain[63]! &= ~SIGN_BIT;
  try {
    return verify(null, message, edwards(publicKey.subarray(-32), sign), plain);
  } catch {
    // OpenSSL throws for bytes that are no point of the curve.
    return false;
  }
}

/**
 * Baileys checks the certificates of WhatsApp's server at each login with a Curve25519 in JavaScript, which takes half of
 * what a login costs, and then does not look at the result (`lib/Utils/crypto.js`, Curve.verify: libsignal's
 * `verifySignature` answers false, it does not throw). Here OpenSSL checks, in a hundredth of the time, and a signature
 * that is wrong is said. It is let through as before: no release of Baileys has ever refused one, so nobody knows what
 * that would do to accounts in the field.
 */
export function checkSignaturesNatively(logger: Pick<SocketConfig['logger'], 'warn'>): void {
  Curve.verify = (publicKey, message, signature) => {
    if (!isSignedBy(publicKey, message, signature)) {
      logger.warn({}, 'a signature of WhatsApp is not by the key that it should be by');
    }
    return areShaped(publicKey, signature);
  };
}

/** A certificate that lacks them has neither (protobuf). */
function areShaped(publicKey: Uint8Array | null | undefined, signature: Uint8Array | null | undefined): boolean {
  return (publicKey?.length === 32 || publicKey?.length === 33) && signature?.length === 64;
}

/** y = (u − 1) / (u + 1), RFC 7748 section 4.1. */
function edwards(montgomery: Uint8Array, sign: number): KeyObject {
  const u = BigInt(`0x${Buffer.from(montgomery).reverse().toString('hex')}`) & (2n ** 255n - 1n);
  const y = mod((u - 1n) * inverse(u + 1n));
  const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
  bytes[31]! |= sign;
  return createPublicKey({ key: Buffer.concat([ED25519_SPKI, bytes]), format: 'der', type: 'spki' });
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** By Euclid; nothing here is secret. */
function inverse(value: bigint): bigint {
  let [a, b, x, y] = [mod(value), P, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b, x, y] = [b % a, a, y - quotient * x, x];
  }
  return mod(x);
}
