import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const KEY_BYTES = 32;

/** What a link carries beside the message that it is for. */
export interface LinkProof {
  /** Seconds since the epoch. */
  expires: number;
  /** HMAC-SHA256 in base64url. */
  signature: string;
}

/**
 * Signs short-lived links to files, for readers that can send no key, such as `<img>` of a CRM. The key is the gateway's
 * own and lies in a file (0600), so that a link outlives a restart; removing the file makes every link that is out invalid.
 */
export class LinkSigner {
  #key: Buffer | null = null;

  /** @param file where the key lies; made by `open` when it is not there */
  constructor(private readonly file: string) {}

  /** Reads the key, or makes it. Before that nothing can be signed. */
  async open(): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    const fresh = randomBytes(KEY_BYTES);
    // `wx`: a key that is there stays.
    await writeFile(this.file, fresh, { mode: 0o600, flag: 'wx', flush: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
    const key = await readFile(this.file);
    if (key.length < KEY_BYTES) throw new Error(`${this.file} holds no key: remove it, and a new one is made`);
    this.#key = key;
  }

  sign(messageId: string, expires: number): LinkProof {
    return { expires, signature: this.#mac(messageId, expires).toString('base64url') };
  }

  /** Whether this gateway has signed it and it has not expired. @param now ms since the epoch */
  isValid(messageId: string, { expires, signature }: LinkProof, now: number): boolean {
    const expected = this.#mac(messageId, expires);
    const presented = Buffer.from(signature, 'base64url');
    // In constant time, and before the clock is looked at: an answer tells nothing about a signature.
    const genuine = presented.length === expected.length && timingSafeEqual(presented, expected);
    return genuine && expires * 1000 > now;
  }

  #mac(messageId: string, expires: number): Buffer {
    if (!this.#key) throw new Error('the key of links is not open');
    return createHmac('sha256', this.#key).update(`media\n${messageId.toLowerCase()}\n${expires}`).digest();
  }
}
