import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { isJidGroup, type MediaType, type SocketConfig, type WASocket } from '@whiskeysockets/baileys';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import type { OpenSocket } from './client-calls.js';

/** Names a message for WhatsApp, as the stanza that brought it did. */
export interface MessageName {
  id: string;
  chatJid: string;
  fromMe: boolean;
  /** The author, in groups. */
  participant: string | null;
}

/** The phone may have to come out of its sleep, and uploads the file before it answers. */
const RENEW_DEADLINE_MS = 45_000;
const UPLOAD_IDLE_MS = 60_000;
const UPLOAD_DEADLINE_MS = 15 * 60_000;

/** What the media of messages need of an open socket. Nothing is retried here. */
export class MediaCalls {
  constructor(private readonly socket: () => OpenSocket | null) {}

  /**
   * Asks the account's phone to upload the file of a message again.
   * @returns where it is then. @throws GatewayError `NOT_CONNECTED`, `DEADLINE_EXCEEDED` (the phone is off), `MEDIA_NOT_FOUND`
   */
  async renew(name: MessageName, mediaKey: Uint8Array): Promise<{ directPath: string }> {
    const { sock } = this.#open();
    // Of the content Baileys reads the key and fills in the path, whatever kind it is (messages-send.js, updateMediaMessage).
    const file = { mediaKey, directPath: null as string | null };
    const message = { key: keyOf(name), message: { imageMessage: file } };
    try {
      await withDeadline(sock.updateMediaMessage(message), RENEW_DEADLINE_MS, 'the phone');
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      throw new GatewayError('MEDIA_NOT_FOUND', 'The phone does not have this file any more.', { cause: error });
    }
    if (!file.directPath) throw new GatewayError('MEDIA_NOT_FOUND');
    return { directPath: file.directPath };
  }

  /**
   * Gives an encrypted file to WhatsApp's media servers.
   * @throws GatewayError `NOT_CONNECTED`, `MEDIA_FETCH_FAILED`, `DEADLINE_EXCEEDED`
   */
  async upload(
    encryptedFile: string,
    about: { classe: string; fileEncSha256: Uint8Array },
  ): Promise<{ url: string; directPath: string }> {
    const { sock } = this.#open();
    const work = sock.waUploadToServer(encryptedFile, {
      mediaType: about.classe as MediaType,
      fileEncSha256B64: Buffer.from(about.fileEncSha256).toString('base64'),
      timeoutMs: UPLOAD_IDLE_MS,
    });
    try {
      const { mediaUrl, directPath } = await withDeadline(work, UPLOAD_DEADLINE_MS, 'the upload');
      return { url: mediaUrl, directPath };
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      throw new GatewayError(sock.ws.isOpen ? 'MEDIA_FETCH_FAILED' : 'NOT_CONNECTED', 'The upload failed.', { cause });
    }
  }

  #open(): OpenSocket {
    const socket = this.socket();
    if (!socket) throw new GatewayError('NOT_CONNECTED');
    return socket;
  }
}

/** A message's key as Baileys has it. */
export function keyOf({
  id,
  chatJid,
  fromMe,
  participant,
}: MessageName): Parameters<WASocket['readMessages']>[0][number] {
  return { id, remoteJid: chatJid, fromMe, ...(participant && isJidGroup(chatJid) ? { participant } : {}) };
}

/** Uploads go to this host instead of those that WhatsApp names; Baileys takes the certificate from the agent. */
export function uploadTo(
  mediaUrl: string,
  caFile: string | null,
): Pick<SocketConfig, 'customUploadHosts' | 'fetchAgent'> {
  const hostname = new URL(mediaUrl).host;
  const ca = caFile === null ? {} : { ca: readFileSync(caFile) };
  return { customUploadHosts: [{ hostname, maxContentLengthBytes: 2 ** 31 }], fetchAgent: new Agent(ca) };
}
