import { readFileSync } from 'node:fs';
import { Agent } from 'undici';

/** WhatsApp's media servers, or others that speak their protocol. */
export interface MediaServerSettings {
  /** `https://host[:port]` for all media; null = Meta's servers. */
  url: string | null;
  /** PEM file with the authority that signs that server's certificate; null = the system's. */
  caFile: string | null;
}

const PUBLIC_HOST = 'mmg.whatsapp.net';
const META_HOST = /^[a-z0-9.-]+\.whatsapp\.net$/;

/**
 * Where a file is fetched. The `url` of a message is the sender's claim: only its host is looked at, and only a host of
 * WhatsApp's is believed, or the gateway would ask any address on behalf of whoever writes to it.
 */
export function downloadUrl(
  source: { url: string | null; directPath: string | null },
  settings: MediaServerSettings,
): string | null {
  const claimed = source.url !== null && URL.canParse(source.url) ? new URL(source.url) : null;
  const path = source.directPath ?? (claimed ? claimed.pathname + claimed.search : null);
  if (!path?.startsWith('/')) return null;
  if (settings.url !== null) return new URL(settings.url).origin + path;
  const host = claimed?.protocol === 'https:' && META_HOST.test(claimed.host) ? claimed.host : PUBLIC_HOST;
  return `https://${host}${path}`;
}

/** Connections to media servers, kept alive and few; whoever makes it closes it. */
export function mediaAgent({ caFile }: MediaServerSettings): Agent {
  const connect = { timeout: 10_000, ...(caFile === null ? {} : { ca: readFileSync(caFile) }) };
  return new Agent({ connections: 8, connect, headersTimeout: 20_000, bodyTimeout: 30_000 });
}
