import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../lib/errors.js';

/** The key of `SecretBox`, beside the journal; in every backup. */
export const SECRETS_FILE = 'secrets.key';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX = 'v1.';

/**
 * Seals single secrets of records (passwords of proxies) with AES-256-GCM, whether or not the whole journal is sealed by
 * SESSION_ENCRYPTION_KEY: a copy of the journal alone, a dump or a log gives none away. The key is the gateway's own and
 * lies in a file (0600) that the first secret makes. Without the file they cannot be read any more.
 */
export class SecretBox {
  #key: Buffer | null = null;
  #making: Promise<Buffer> | null = null;

  /** @param dir the data directory */
  constructor(private readonly dir: string) {}

  /** @param about what it belongs to, such as `proxy:<connection>`: it opens only there. @throws JOURNAL_FAILED */
  async seal(secret: string, about: string): Promise<string> {
    const key = this.#read() ?? (await this.#make());
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about));
    const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return PREFIX + Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url');
  }

  /** @returns null when the key is gone or another one, or the text was not sealed for this */
  open(sealed: string, about: string): string | null {
    const key = this.#read();
    const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
    if (key === null || !sealed.startsWith(PREFIX) || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
    const end = bytes.length - TAG_BYTES;
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(end));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }

  get #path(): string {
    return join(this.dir, SECRETS_FILE);
  }

  #read(): Buffer | null {
    if (this.#key) return this.#key;
    let key: Buffer;
    try {
      key = readFileSync(this.#path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new GatewayError('JOURNAL_FAILED', `${this.#path} cannot be read.`, { cause });
    }
    if (key.length !== KEY_BYTES) {
      throw new GatewayError('JOURNAL_FAILED', `${this.#path} holds no key: restore it from a backup.`);
    }
    return (this.#key = key);
  }

  /** On the disk before the first secret is sealed. */
  #make(): Promise<Buffer> {
    this.#making ??= this.#write().finally(() => (this.#making = null));
    return this.#making;
  }

  async #write(): Promise<Buffer> {
    const key = randomBytes(KEY_BYTES);
    try {
      const file = await open(`${this.#path}.new`, 'w', 0o600);
      await file.writeFile(key).finally(() => file.sync().finally(() => file.close()));
      await rename(`${this.#path}.new`, this.#path);
      const folder = await open(this.dir, 'r');
      await folder.sync().finally(() => folder.close());
    } catch (cause) {
      throw new GatewayError('JOURNAL_FAILED', `${this.#path} cannot be written.`, { cause });
    }
    return (this.#key = key);
  }
}
