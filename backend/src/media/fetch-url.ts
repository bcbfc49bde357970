import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { extensionIn, safeFileName } from '../lib/file-name.js';
import { nameInDisposition } from './content-disposition.js';
import { decodedBody } from './decode-body.js';

/** Files are mostly compressed already; what comes encoded all the same is decoded. */
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Sentinela' };
const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** A file that somebody's web server gives. */
export interface RemoteFile {
  /** Decoded, when the server has compressed it. */
  stream: Readable;
  /** What the server calls it, else the last part of the address; null when neither is a file name. */
  name: string | null;
  /** `Content-Type`, without its parameters. */
  type: string | null;
}

/**
 * Opens a file at an address that a caller named.
 * @param dispatcher the guarded agent: it alone decides which hosts are reached, also after a redirect
 * @throws GatewayError `FORBIDDEN_DESTINATION`, `MEDIA_FETCH_FAILED`
 */
export async function openUrl(dispatcher: Dispatcher, url: string, signal: AbortSignal): Promise<RemoteFile> {
  const first = new URL(url);
  let next = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const { statusCode, headers, body } = await ask(dispatcher, next, signal);
    if (statusCode === 200) {
      const type = mediaType(headers['content-type']);
      const stream = decodedBody(body, textOf(headers['content-encoding']), type ?? '');
      return { stream, type, name: nameOf(textOf(headers['content-disposition']), next, first) };
    }
    await body.dump();
    const { location } = headers;
    if (!REDIRECTS.has(statusCode) || typeof location !== 'string' || !URL.canParse(location, next.href)) {
      throw new GatewayError('MEDIA_FETCH_FAILED', `The server answered ${statusCode}.`, {
        details: { status: statusCode },
      });
    }
    next = new URL(location, next);
  }
  throw new GatewayError('MEDIA_FETCH_FAILED', 'The server redirects too often.');
}

async function ask(dispatcher: Dispatcher, url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new GatewayError('MEDIA_FETCH_FAILED', 'Only http and https addresses can be fetched.');
  }
  try {
    return await request(url.href, { dispatcher, signal, headers: HEADERS });
  } catch (cause) {
    if (isGatewayError(cause)) throw cause;
    const inner = (cause as { cause?: unknown }).cause;
    if (isGatewayError(inner)) throw inner;
    const reason = reasonOf(cause, signal);
    throw new GatewayError('MEDIA_FETCH_FAILED', `The file could not be fetched from ${url.host}: ${reason}.`, {
      details: { host: url.host, reason },
      cause,
    });
  }
}

/** Node's or undici's own name of a failure, such as ECONNREFUSED or ENOTFOUND: nothing of what the address says. */
function reasonOf(cause: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it took too long';
  const { code } = cause as { code?: unknown };
  return typeof code === 'string' ? code : 'no answer';
}

/** An address that was redirected from may tell more than the one that it led to. */
function nameOf(disposition: string | undefined, last: URL, first: URL): string | null {
  const said = disposition === undefined ? null : nameInDisposition(disposition);
  const named = said === null ? null : safeFileName(said);
  if (named !== null) return named;
  const parts = [lastPart(last), lastPart(first)].filter((part) => part !== null);
  return parts.find((part) => extensionIn(part) !== '') ?? parts[0] ?? null;
}

function lastPart({ pathname }: URL): string | null {
  const part = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    return safeFileName(decodeURIComponent(part));
  } catch {
    return null;
  }
}

function mediaType(header: string | string[] | undefined): string | null {
  const type = textOf(header)?.split(';', 1)[0]?.trim().toLowerCase();
  return type === undefined || !/^[a-z]+\/[a-z0-9.+-]{1,100}$/.test(type) ? null : type;
}

/** Of a header that was sent twice, the first. */
function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
