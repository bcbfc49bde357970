import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { request, type Dispatcher } from 'undici';
import type { MediaSource } from '../journal/records.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { decryptMedia, tooLarge } from './decrypt-media.js';
import type { LoopTurns } from './loop-turns.js';
import { downloadUrl, type MediaServerSettings } from './media-host.js';

export interface FetchMediaDeps {
  server: MediaServerSettings;
  dispatcher: Dispatcher;
  maxBytes: number;
  /** Shared by all downloads. */
  turns: LoopTurns;
}

/** Padding and MAC. */
const OVERHEAD_BYTES = 32;
/** WhatsApp has removed the file; the phone that sent it may still have it. */
const GONE = new Set([403, 404, 410]);

/**
 * Downloads, decrypts and verifies one file into `target`, in a stream: memory does not grow with the file. When it
 * rejects, `target` may hold something that must not be used.
 * @throws GatewayError `MEDIA_EXPIRED`, `MEDIA_TOO_LARGE`, `MEDIA_CORRUPT`, `MEDIA_FETCH_FAILED`
 */
export async function fetchMedia(
  deps: FetchMediaDeps,
  source: Extract<MediaSource, { kind: 'whatsapp' }>,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const { dispatcher, maxBytes } = deps;
  if ((source.fileLength ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const url = downloadUrl(source, deps.server);
  if (url === null) throw new GatewayError('MEDIA_EXPIRED', 'The message does not say where its file is.');
  const decryption = await decryptMedia(source, maxBytes, deps.turns);
  try {
    const { statusCode, headers, body } = await request(url, {
      dispatcher,
      signal,
      headers: { origin: 'https://web.whatsapp.com' },
    });
    if (statusCode !== 200) {
      await body.dump();
      throw refusal(statusCode);
    }
    if (Number(headers['content-length'] ?? 0) > maxBytes + OVERHEAD_BYTES) {
      body.destroy();
      throw tooLarge(maxBytes);
    }
    // Not flushed: the store makes it durable, and a crash before that fetches it again.
    await pipeline(body, decryption, createWriteStream(target, { mode: 0o600 }), { signal });
  } catch (cause) {
    if (isGatewayError(cause)) throw cause;
    throw new GatewayError('MEDIA_FETCH_FAILED', undefined, { cause });
  }
}

function refusal(status: number): GatewayError {
  return new GatewayError(GONE.has(status) ? 'MEDIA_EXPIRED' : 'MEDIA_FETCH_FAILED', undefined, {
    details: { status },
  });
}
