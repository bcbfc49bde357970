import { createDecipheriv, createHash, createHmac, timingSafeEqual, type Hmac } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { getMediaKeys, type MediaType } from '@whiskeysockets/baileys';
import { GatewayError } from '../lib/errors.js';
import type { LoopTurns } from './loop-turns.js';

/** WhatsApp's files end with so many bytes of HMAC-SHA256(iv | ciphertext). */
const MAC_BYTES = 10;

/** What a message says about its file; a hash that is missing is not compared. */
export interface FileFacts {
  classe: string;
  mediaKey: Uint8Array;
  fileSha256: Uint8Array | null;
  fileEncSha256: Uint8Array | null;
}

/**
 * Ciphertext in, plaintext out; it fails with `MEDIA_CORRUPT` at the end unless MAC and both hashes are those of the
 * message, so nothing that went through may be used before the stream has finished. Baileys' own stream
 * (Utils/messages-media.js, downloadEncryptedContent) checks none of the three and loses network errors.
 */
export async function decryptMedia(facts: FileFacts, maxBytes: number, turns: LoopTurns): Promise<Transform> {
  const keys = await getMediaKeys(facts.mediaKey, facts.classe as MediaType);
  const decipher = createDecipheriv('aes-256-cbc', keys.cipherKey, keys.iv);
  // Baileys types it as optional; its code always derives it.
  const mac = createHmac('sha256', keys.macKey ?? Buffer.alloc(0)).update(keys.iv);
  return new MediaDecryption(facts, decipher, mac, maxBytes, turns);
}

class MediaDecryption extends Transform {
  readonly #encrypted = createHash('sha256');
  readonly #plain = createHash('sha256');
  #size = 0;
  /** The last bytes seen: they may be the MAC. */
  #tail: Buffer = Buffer.alloc(0);

  constructor(
    private readonly facts: FileFacts,
    private readonly decipher: ReturnType<typeof createDecipheriv>,
    private readonly mac: Hmac,
    private readonly maxBytes: number,
    private readonly turns: LoopTurns,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    void this.turns.next(chunk.length).then(() => (this.destroyed ? done() : this.#take(chunk, done)));
  }

  #take(chunk: Buffer, done: TransformCallback): void {
    const bytes = this.#tail.length > 0 ? Buffer.concat([this.#tail, chunk]) : chunk;
    const end = Math.max(0, bytes.length - MAC_BYTES);
    const body = bytes.subarray(0, end);
    this.#tail = Buffer.from(bytes.subarray(end));
    this.#encrypted.update(body);
    this.mac.update(body);
    this.#give(() => this.decipher.update(body), done);
  }

  override _flush(done: TransformCallback): void {
    const { fileEncSha256, fileSha256 } = this.facts;
    this.#encrypted.update(this.#tail);
    const mac = this.mac.digest().subarray(0, MAC_BYTES);
    if (!same(mac, this.#tail)) return done(corrupt('its MAC'));
    if (!same(this.#encrypted.digest(), fileEncSha256)) return done(corrupt('the hash of its ciphertext'));
    this.#give(
      () => this.decipher.final(),
      (error) => done(error ?? (same(this.#plain.digest(), fileSha256) ? null : corrupt('its hash'))),
    );
  }

  #give(decrypt: () => Buffer, done: TransformCallback): void {
    let plain: Buffer;
    try {
      plain = decrypt();
    } catch (cause) {
      return done(new GatewayError('MEDIA_CORRUPT', undefined, { cause }));
    }
    this.#size += plain.length;
    if (this.#size > this.maxBytes) return done(tooLarge(this.maxBytes));
    this.#plain.update(plain);
    if (plain.length > 0) this.push(plain);
    done();
  }
}

export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('MEDIA_TOO_LARGE', `The file is larger than ${maxBytes} bytes (MEDIA_MAX_BYTES).`, {
    details: { maxBytes },
  });
}

function corrupt(what: string): GatewayError {
  return new GatewayError('MEDIA_CORRUPT', `The file is not the one that was sent: ${what} differs.`);
}

function same(actual: Uint8Array, expected: Uint8Array | null): boolean {
  return expected === null || (actual.length === expected.length && timingSafeEqual(actual, expected));
}
