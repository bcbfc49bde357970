import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { tooLarge } from './decrypt-media.js';
import { openUrl } from './fetch-url.js';

/**
 * Downloads a file that lies unencrypted on somebody's server (S3, MinIO) into `target`, in a stream.
 * @param deps `dispatcher` is the guarded agent: the address came with a message
 * @throws GatewayError `FORBIDDEN_DESTINATION`, `MEDIA_TOO_LARGE`, `MEDIA_FETCH_FAILED`
 */
export async function fetchPlain(
  deps: { dispatcher: Dispatcher; maxBytes: number },
  url: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const { stream } = await openUrl(deps.dispatcher, url, signal);
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      done(size > deps.maxBytes ? tooLarge(deps.maxBytes) : null, chunk);
    },
  });
  try {
    await pipeline(stream, measure, createWriteStream(target, { mode: 0o600, flush: true }), { signal });
  } catch (cause) {
    if (isGatewayError(cause)) throw cause;
    throw new GatewayError('MEDIA_FETCH_FAILED', undefined, { cause });
  }
}
