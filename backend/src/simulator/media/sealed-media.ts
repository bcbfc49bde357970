import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { getMediaKeys, type MediaType, type proto } from '@whiskeysockets/baileys';

const MAC_BYTES = 10;

/** A file as it lies on WhatsApp's media servers, and what a message says to find and read it again. */
export interface SealedMedia {
  readonly ciphertext: Buffer;
  readonly facts: { mediaKey: Buffer; fileSha256: Buffer; fileEncSha256: Buffer; fileLength: number };
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Encrypts as WhatsApp's apps do: AES-CBC, then the first 10 bytes of HMAC(iv | ciphertext). */
export async function sealMedia(plain: Uint8Array, kind: MediaType): Promise<SealedMedia> {
  const mediaKey = randomBytes(32);
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, kind);
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  const mac = createHmac('sha256', macKey!).update(iv).update(body).digest().subarray(0, MAC_BYTES);
  const ciphertext = Buffer.concat([body, mac]);
  return {
    ciphertext,
    facts: { mediaKey, fileSha256: sha256(plain), fileEncSha256: sha256(ciphertext), fileLength: plain.length },
  };
}

/** The plaintext. @throws Error when it is not exactly the file that the message describes */
export async function openMedia(
  ciphertext: Buffer,
  facts: Pick<proto.Message.IImageMessage, 'mediaKey' | 'fileSha256' | 'fileEncSha256'>,
  kind: MediaType,
): Promise<Buffer> {
  const { iv, cipherKey, macKey } = await getMediaKeys(facts.mediaKey, kind);
  const body = ciphertext.subarray(0, -MAC_BYTES);
  const mac = createHmac('sha256', macKey!).update(iv).update(body).digest().subarray(0, MAC_BYTES);
  if (!mac.equals(ciphertext.subarray(-MAC_BYTES))) throw new Error('the MAC does not fit');
  if (!sha256(ciphertext).equals(Buffer.from(facts.fileEncSha256 ?? []))) throw new Error('fileEncSha256 does not fit');
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  const plain = Buffer.concat([decipher.update(body), decipher.final()]);
  if (!sha256(plain).equals(Buffer.from(facts.fileSha256 ?? []))) throw new Error('fileSha256 does not fit');
  return plain;
}
