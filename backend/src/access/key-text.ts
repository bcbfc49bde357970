import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeySecret } from '../journal/access-records.js';

/** What begins like this is one of our API keys: for us, for readers of a log, for scanners of leaked secrets. */
const PREFIX = 'sntl_';
const SECRET_BYTES = 32;
const KEY = /^sntl_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

/** A new key of this id: `sntl_<id>_<256 random bits>`. It is shown once and kept nowhere. */
export function makeKeyText(id: string): string {
  return `${PREFIX}${id.replaceAll('-', '')}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

export function looksLikeKey(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** The id inside a key; null when it is no key of ours. */
export function idOfKeyText(text: string): string | null {
  const parts = KEY.exec(text);
  return parts === null ? null : parts.slice(1).join('-');
}

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Compares digests in constant time, with every secret that is still accepted. */
export function isOneOf(text: string, secrets: readonly KeySecret[], now: number): boolean {
  const digest = Buffer.from(sha256Hex(text), 'hex');
  const accepted = secrets.filter(({ until }) => until === null || until > now);
  return accepted.filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), digest)).length > 0;
}
