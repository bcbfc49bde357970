import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  scrypt,
} from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ByteRange } from './media-store.js';

/** Begins every sealed file; the last character is the version of the format. */
const MAGIC = Buffer.from('SNTMEDI1', 'latin1');
/** Magic, salt of the key, salt of the file, size of the plain file. */
const HEADER_BYTES = 64;
const [SALT_AT, FILE_SALT_AT, SIZE_AT] = [8, 24, 56];
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
/** As the journal's key (journal/key-file.ts). */
const SCRYPT = { N: 32_768, r: 8, p: 1, maxmem: 64 << 20 };

/**
 * Seals files of any size with SESSION_ENCRYPTION_KEY so that any part of them can be read: AES-256-GCM per 64 KB, under a key
 * of the file's own. A file opens only under the path that it was sealed for, and a part that was changed, moved or cut off
 * does not. All that opening needs beside the key is in the file's header, so files outlive the loss of anything else.
 */
export class FileVault {
  /** Salt of this process; files of others have theirs. */
  readonly #salt = randomBytes(16);
  readonly #masters = new Map<string, Promise<Buffer>>();

  /** @param secret SESSION_ENCRYPTION_KEY */
  constructor(private readonly secret: string) {}

  /** Writes a sealed copy (0600), durably. @param path in the store, to which the copy is bound */
  async seal(source: string, target: string, path: string): Promise<void> {
    const { size } = await stat(source);
    const header = Buffer.alloc(HEADER_BYTES);
    MAGIC.copy(header);
    this.#salt.copy(header, SALT_AT);
    randomBytes(SIZE_AT - FILE_SALT_AT).copy(header, FILE_SALT_AT);
    header.writeBigUInt64BE(BigInt(size), SIZE_AT);
    const key = await this.#keyOf(header, path);
    const sealed = async function* (chunks: AsyncIterable<Buffer>) {
      yield header;
      let index = 0;
      let length = 0;
      for await (const chunk of chunks) {
        length += chunk.length;
        yield sealedChunk(key, header, index++, chunk);
      }
      if (length !== size) throw new Error('the file has changed while it was sealed');
    };
    const plain = inChunks(createReadStream(source, { highWaterMark: CHUNK_BYTES }));
    await pipeline(plain, sealed, createWriteStream(target, { mode: 0o600, flush: true }));
  }

  /**
   * Opens a file for reading, whole or in part; one that is not sealed is given as it is.
   * @throws Error ENOENT. The stream fails where the file is not what was sealed for this path.
   */
  async open(file: string, path: string, range?: ByteRange): Promise<Readable> {
    const handle = await open(file, 'r');
    try {
      const header = Buffer.alloc(HEADER_BYTES);
      const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0);
      if (bytesRead < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
        // Written by a version that did not seal.
        return handle.createReadStream(range);
      }
      const key = await this.#keyOf(header, path);
      return Readable.from(openedChunks(handle, key, header, range), { objectMode: false });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #keyOf(header: Buffer, path: string): Promise<KeyObject> {
    const master = await this.#master(header.subarray(SALT_AT, FILE_SALT_AT));
    const bytes = hkdfSync('sha256', master, header.subarray(FILE_SALT_AT, SIZE_AT), `media\0${path}`, 32);
    return createSecretKey(Buffer.from(bytes));
  }

  /** A tenth of a second, once for each start of the gateway that has sealed files. */
  #master(salt: Buffer): Promise<Buffer> {
    const name = salt.toString('hex');
    const known = this.#masters.get(name) ?? derived(this.secret, Buffer.from(salt));
    this.#masters.set(name, known);
    return known;
  }
}

function derived(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, 32, SCRYPT, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** Whatever sizes come: all chunks but the last have the same. */
async function* inChunks(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    for (; held.length >= CHUNK_BYTES; held = held.subarray(CHUNK_BYTES)) yield held.subarray(0, CHUNK_BYTES);
  }
  if (held.length > 0) yield held;
}

async function* openedChunks(
  handle: FileHandle,
  key: KeyObject,
  header: Buffer,
  range: ByteRange | undefined,
): AsyncGenerator<Buffer> {
  try {
    const size = Number(header.readBigUInt64BE(SIZE_AT));
    const { start, end } = range ?? { start: 0, end: size - 1 };
    const last = Math.floor(Math.min(end, size - 1) / CHUNK_BYTES);
    for (let index = Math.floor(start / CHUNK_BYTES); index <= last; index++) {
      const from = index * CHUNK_BYTES;
      const plain = await openedChunk(handle, key, header, index, Math.min(CHUNK_BYTES, size - from));
      yield plain.subarray(Math.max(0, start - from), end - from + 1);
    }
  } finally {
    await handle.close();
  }
}

function sealedChunk(key: KeyObject, header: Buffer, index: number, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index));
  cipher.setAAD(header);
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()]);
}

async function openedChunk(
  handle: FileHandle,
  key: KeyObject,
  header: Buffer,
  index: number,
  length: number,
): Promise<Buffer> {
  const sealed = Buffer.alloc(length + TAG_BYTES);
  const { bytesRead } = await handle.read(sealed, 0, sealed.length, HEADER_BYTES + index * (CHUNK_BYTES + TAG_BYTES));
  if (bytesRead !== sealed.length) throw new Error('the sealed file is cut off');
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index), { authTagLength: TAG_BYTES });
  decipher.setAAD(header);
  decipher.setAuthTag(sealed.subarray(length));
  const plain = decipher.update(sealed.subarray(0, length));
  decipher.final();
  return plain;
}

/** The key is of one file and used once for each chunk of it: its number is nonce enough. */
function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 8);
  return nonce;
}
