import { createDecipheriv, hkdfSync } from 'node:crypto';

/**
 * What one message's secret seals, by the name that goes into the key, and whether the seal also binds its sender (as
 * additional data, as votes do). Baileys opens votes and answers to events (lib/Utils/process-message.js); the others
 * are as whatsmeow (msgsecret.go) and WhatsApp Web (`createUseCaseSecret`) have them.
 */
const BINDS_SENDER = {
  'Message Edit': false,
  'Event Edit': false,
  'Enc Reaction': false,
  'Event Response': true,
} as const;
export type UseCase = keyof typeof BINDS_SENDER;

/** Whose message it changes, and by whom. Which of their addresses the sender took is not said: all are tried. */
export interface SealContext {
  useCase: UseCase;
  /** `messageContextInfo.messageSecret` of the message that is changed, 32 bytes. */
  secret: Uint8Array;
  /** Id of that message. */
  messageId: string;
  /** Addresses of its author, as JIDs without device. */
  authors: readonly string[];
  /** Addresses of whoever changes it. */
  senders: readonly string[];
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** @returns the plaintext, or null when no pair of addresses opens the seal */
export function openSeal(payload: Uint8Array, iv: Uint8Array, context: SealContext): Buffer | null {
  if (iv.length !== IV_BYTES || payload.length < TAG_BYTES) return null;
  for (const author of context.authors) {
    for (const sender of context.senders) {
      const plaintext = tryPair(payload, iv, context, author, sender);
      if (plaintext !== null) return plaintext;
    }
  }
  return null;
}

function tryPair(
  payload: Uint8Array,
  iv: Uint8Array,
  { useCase, secret, messageId }: SealContext,
  author: string,
  sender: string,
): Buffer | null {
  const info = messageId + author + sender + useCase;
  const key = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(32), info, 32));
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  if (BINDS_SENDER[useCase]) decipher.setAAD(Buffer.from(`${messageId}\u0000${sender}`));
  const end = payload.length - TAG_BYTES;
  decipher.setAuthTag(payload.subarray(end));
  try {
    return Buffer.concat([decipher.update(payload.subarray(0, end)), decipher.final()]);
  } catch {
    // AES-GCM refuses a wrong key: the next pair.
    return null;
  }
}
