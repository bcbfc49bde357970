import type { proto } from '@whiskeysockets/baileys';
import type { Estado } from '../whatsapp/estado.js';
import type { ServerAck } from '../whatsapp/server-ack.js';

/** What a channel tells the sender; payloads that the sender does not read are `unknown`. */
export interface SendChannelEvents {
  ack: ServerAck;
  ready: unknown;
  closed: unknown;
  stateChanged: unknown;
}

/**
 * What the sender needs of one connection to WhatsApp; `WhatsAppClientService` is one. It outlives sockets: one channel
 * goes through many `closed` and `ready`.
 */
export interface SendChannel {
  readonly connectionId: string;
  readonly estado: Estado;
  /** This number's own address; null while it was never paired. */
  readonly me: { readonly id: string } | null;
  readonly events: {
    on<K extends keyof SendChannelEvents>(name: K, listener: (event: SendChannelEvents[K]) => unknown): () => void;
  };
  /**
   * Writes one message to the socket under the given id. Resolves when written, which is not yet "accepted": that is the
   * ack, which may even come first (Baileys commits the ratchet after writing).
   * @param options `file`: the message's file among the staged ones, for a channel that takes it as it is
   * @throws GatewayError `NOT_CONNECTED`, `ENCRYPTION_FAILED`
   */
  relay(
    jid: string,
    message: proto.IMessage,
    options: { messageId: string; freshDevices?: boolean; file?: string },
  ): Promise<void>;
  /** It takes files with their messages, unencrypted: another server gives them to WhatsApp. */
  readonly takesPlainFiles?: true;
  /**
   * Asked before each attempt: how long this person's message must wait because the account may not begin new chats
   * (0 = not at all). Null = there is no such pause, so nothing is awaited.
   */
  newChatHoldMs?(to: { pn: string | null; lid: string | null }): Promise<number> | null;
  /**
   * Shows in a chat that somebody types or records; WhatsApp ends it when the message comes. Absent where there is no way to.
   * @throws GatewayError `NOT_CONNECTED`, `DEADLINE_EXCEEDED`
   */
  showTyping?(jid: string, as: 'composing' | 'recording'): Promise<void>;
  /**
   * Asks WhatsApp for a number in all its spellings at once. @returns the canonical address, or null when none of them is
   * on WhatsApp.
   * @throws GatewayError `NOT_CONNECTED`, `DEADLINE_EXCEEDED`
   */
  lookupNumber(spellings: string[]): Promise<{ jid: string; lid: string | null } | null>;
  /**
   * Gives an encrypted file to WhatsApp's media servers.
   * @throws GatewayError `NOT_CONNECTED`, `MEDIA_FETCH_FAILED`, `DEADLINE_EXCEEDED`
   */
  uploadMedia(
    encryptedFile: string,
    about: { classe: string; fileEncSha256: Uint8Array },
  ): Promise<{ url: string; directPath: string }>;
}
