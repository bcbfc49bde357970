import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { GatewayError, isGatewayError } from '../lib/errors.js';

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** A file that somebody's web server gives. */
export interface RemoteFile {
  stream: Readable;
  /** The last part of the address, when it looks like a file name. */
  name: string | null;
}

/**
 * Opens a file at an address that a caller named.
 * @param dispatcher the guarded agent: it alone decides which hosts are reached, also after a redirect
 * @throws GatewayError `FORBIDDEN_DESTINATION`, `MEDIA_FETCH_FAILED`
 */
export async function openUrl(dispatcher: Dispatcher, url: string, signal: AbortSignal): Promise<RemoteFile> {
  let next = new URL(url);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const { statusCode, headers, body } = await ask(dispatcher, next, signal);
    if (statusCode === 200) return { stream: body, name: nameIn(next) };
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
    return await request(url.href, { dispatcher, signal, headers: { accept: '*/*', 'user-agent': 'Sentinela' } });
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

function nameIn(url: URL): string | null {
  const last = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  if (!/\.[A-Za-z0-9]{1,8}$/.test(last)) return null;
  try {
    return decodeURIComponent(last);
  } catch {
    return null;
  }
}
