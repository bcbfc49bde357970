import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/** What a value is bound to: moved to another key, table or header, it does not open. */
export interface SealContext {
  table: string;
  key: Buffer;
  header: Buffer;
}

/** Turns packed values into what lies on the disk, and ids into keys that tell nothing. */
export interface Sealer {
  seal(plain: Buffer, context: SealContext): Buffer;
  /** @throws Error when the bytes were not sealed with this key for this context */
  open(sealed: Buffer, context: SealContext): Buffer;
  /** The bytes by which a record with this id is found; never longer than 256. */
  conceal(id: string): Buffer;
}

const LONGEST_PLAIN_ID = 255;

/** Without SESSION_ENCRYPTION_KEY: values and ids lie readable in the data file (whose mode is 0600). */
export const plainSealer: Sealer = {
  seal: (plain) => plain,
  open: (sealed) => sealed,
  conceal(id) {
    const bytes = Buffer.from(id, 'utf8');
    if (bytes.length <= LONGEST_PLAIN_ID) return bytes;
    // 0xff never starts UTF-8, so a hashed id cannot meet a plain one.
    return Buffer.concat([Buffer.of(0xff), createHash('sha256').update(bytes).digest()]);
  },
};

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CONCEALED_BYTES = 20;

/**
 * AES-256-GCM per value (NIST SP 800-38D), HMAC-SHA256 per id. Nonces are 8 random bytes of this process and a counter:
 * random nonces alone would reach the birthday bound of one key in weeks of busy traffic.
 */
export class AesGcmSealer implements Sealer {
  readonly #valueKey: KeyObject;
  readonly #idKey: KeyObject;
  #prefix = randomBytes(8);
  #counter = 0;

  constructor(valueKey: Buffer, idKey: Buffer) {
    this.#valueKey = createSecretKey(valueKey);
    this.#idKey = createSecretKey(idKey);
  }

  seal(plain: Buffer, context: SealContext): Buffer {
    const nonce = this.#nextNonce();
    const cipher = createCipheriv('aes-256-gcm', this.#valueKey, nonce);
    cipher.setAAD(boundTo(context));
    const body = cipher.update(plain);
    cipher.final();
    return Buffer.concat([nonce, body, cipher.getAuthTag()]);
  }

  open(sealed: Buffer, context: SealContext): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.#valueKey, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundTo(context));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const plain = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
    decipher.final();
    return plain;
  }

  conceal(id: string): Buffer {
    return createHmac('sha256', this.#idKey).update(id).digest().subarray(0, CONCEALED_BYTES);
  }

  #nextNonce(): Buffer {
    if (this.#counter === 0xffffffff) {
      this.#prefix = randomBytes(8);
      this.#counter = 0;
    }
    const nonce = Buffer.allocUnsafe(NONCE_BYTES);
    this.#prefix.copy(nonce);
    nonce.writeUInt32BE(this.#counter++, 8);
    return nonce;
  }
}

function boundTo({ table, key, header }: SealContext): Buffer {
  return Buffer.concat([Buffer.from(`${table}\0`), header, key]);
}
