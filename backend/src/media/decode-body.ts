import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, type Gunzip } from 'node:zlib';
import { GatewayError } from '../lib/errors.js';

/** By name in `Content-Encoding` (RFC 9110, 8.4.1). */
const DECODERS: Readonly<Record<string, () => Gunzip>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
/** Two are one more than any server uses; each further one would make a bomb out of a few bytes. */
const MAX_CODINGS = 2;
/** Files that are compressed themselves; some servers say it a second time, as their encoding. */
const COMPRESSED = /^application\/(x-)?gzip\b/;

/**
 * The body without what `Content-Encoding` says was done to it, as a stream: whoever reads it counts the bytes that come out,
 * so that a small body which becomes a large one ends at the limit.
 * @throws GatewayError `MEDIA_FETCH_FAILED` when it is a coding that is not known
 */
export function decodedBody(body: Readable, contentEncoding: string | undefined, contentType: string): Readable {
  const codings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length === 0 || COMPRESSED.test(contentType)) return body;
  const decoders = codings.map((coding) => (Object.hasOwn(DECODERS, coding) ? DECODERS[coding]! : null));
  if (codings.length > MAX_CODINGS || decoders.includes(null)) {
    body.on('error', () => undefined).destroy();
    throw new GatewayError('MEDIA_FETCH_FAILED', 'The server encodes the file in a way that is not known here.', {
      details: { contentEncoding: codings.join(', ').slice(0, 100) },
    });
  }
  // The last one was applied last.
  return decoders.reverse().reduce<Readable>((from, make) => pipeline(from, make!(), () => undefined), body);
}
