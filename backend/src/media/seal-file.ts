import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getMediaKeys, type MediaType } from '@whiskeysockets/baileys';

const MAC_BYTES = 10;

/** What a message says of its encrypted file; the same file and key always give the same. */
export interface SealFacts {
  fileSha256: Buffer;
  fileEncSha256: Buffer;
  fileLength: number;
}

/**
 * Encrypts a file as WhatsApp's apps do (AES-CBC, then the first bytes of HMAC(iv | ciphertext)), in a stream. The key comes
 * from outside: chosen once at acceptance, so that every attempt uploads the same bytes under the same hash.
 * @param target where the ciphertext goes; null = only the hashes are wanted
 */
export async function sealFile(
  file: string,
  classe: string,
  mediaKey: Uint8Array,
  target: string | null,
): Promise<SealFacts> {
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, classe as MediaType);
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const mac = createHmac('sha256', macKey ?? Buffer.alloc(0)).update(iv);
  const [plain, encrypted] = [createHash('sha256'), createHash('sha256')];
  let fileLength = 0;
  const seal = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      fileLength += chunk.length;
      plain.update(chunk);
      yield sealed(cipher.update(chunk));
    }
    yield sealed(cipher.final());
    const tail = mac.digest().subarray(0, MAC_BYTES);
    encrypted.update(tail);
    yield tail;
  };
  const sealed = (bytes: Buffer): Buffer => {
    mac.update(bytes);
    encrypted.update(bytes);
    return bytes;
  };
  const out = target === null ? nowhere() : createWriteStream(target, { mode: 0o600 });
  await pipeline(createReadStream(file), seal, out);
  return { fileSha256: plain.digest(), fileEncSha256: encrypted.digest(), fileLength };
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
