import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

/** Seals a vote as phones do: the inverse of Baileys' `decryptPollVote` (lib/Utils/process-message.js). */
export function sealVote(
  options: string[],
  poll: { id: string; secret: Buffer; creator: string },
  voter: string,
): { encPayload: string; encIv: string } {
  const hmac = (data: Uint8Array, key: Uint8Array) => createHmac('sha256', key).update(data).digest();
  const sign = Buffer.concat([Buffer.from(poll.id + poll.creator + voter + 'Poll Vote'), Buffer.from([1])]);
  const key = hmac(sign, hmac(poll.secret, new Uint8Array(32)));
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(`${poll.id}\u0000${voter}`));
  // PollVoteMessage { repeated bytes selectedOptions = 1 }
  const hashes = options.map((option) => createHash('sha256').update(option).digest());
  const message = Buffer.concat(hashes.flatMap((hash) => [Buffer.from([0x0a, hash.length]), hash]));
  const encPayload = Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()]).toString('base64');
  return { encPayload, encIv: iv.toString('base64') };
}
