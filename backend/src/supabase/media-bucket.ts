import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { Agent, request } from 'undici';
import ws from 'ws';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { createDatabaseFetch, type DatabaseFetch } from './database-fetch.js';

export const MEDIA_BUCKET = 'whatsapp-midia';
/** A large file over a slow line; the database's own requests have seconds. */
const TRANSFER_TIMEOUT_MS = 10 * 60_000;
const SIGNED_FOR_S = 60;
/** Types that a browser shows without running anything. */
const SHOWN = /^(image\/(jpeg|png|gif|webp)|video\/|audio\/|application\/pdf)/;

export interface MediaBucketDeps {
  /** Where the Supabase project is; null while it is not known. */
  host: { readonly current: { url: string; serviceRoleKey: string } | null };
}

/** The media store of a Supabase project: its private bucket `whatsapp-midia`, made by the migration `midia`. */
export class MediaBucket {
  #open: { url: string; client: SupabaseClient; http: DatabaseFetch } | null = null;
  readonly #downloads = new Agent({ connections: 16, bodyTimeout: 60_000 });

  constructor(private readonly deps: MediaBucketDeps) {}

  /** Uploads in a stream; the same path again replaces it. @throws GatewayError `MEDIA_STORE_FAILED` */
  async put(path: string, file: string, { type, size }: { type: string; size: number }): Promise<void> {
    const body = createReadStream(file);
    try {
      // storage-js sends a stream as it is, without a FormData that would hold all of it in memory.
      const options = { contentType: type, upsert: true, duplex: 'half', cacheControl: '31536000' };
      // Said beforehand: what stands between here and the store may refuse a body whose end it cannot know.
      const headers = { 'content-length': String(size) };
      const { error } = await this.#bucket.upload(path, body, { ...options, headers });
      if (error) throw error;
    } catch (cause) {
      throw storeFailed(cause);
    } finally {
      body.destroy();
    }
  }

  /** @throws GatewayError `MEDIA_NOT_FOUND`, `MEDIA_STORE_FAILED` */
  async open(path: string, range?: { start: number; end: number }): Promise<Readable> {
    const url = await this.#signed(path, SIGNED_FOR_S);
    const headers = range ? { range: `bytes=${range.start}-${range.end}` } : {};
    const { statusCode, body } = await request(url, { headers, dispatcher: this.#downloads }).catch(
      (cause: unknown) => {
        throw storeFailed(cause);
      },
    );
    if (statusCode === (range ? 206 : 200)) return body;
    await body.dump();
    throw new GatewayError(statusCode === 404 || statusCode === 400 ? 'MEDIA_NOT_FOUND' : 'MEDIA_STORE_FAILED');
  }

  /**
   * Supabase's own signed address of a file; what a browser might run is only saved.
   * @throws GatewayError `MEDIA_NOT_FOUND`, `MEDIA_STORE_FAILED`
   */
  sign(path: string, seconds: number, { type, name }: { type: string; name: string }): Promise<string> {
    return this.#signed(path, seconds, SHOWN.test(type) ? {} : { download: name });
  }

  async #signed(path: string, seconds: number, options: { download?: string } = {}): Promise<string> {
    const { data, error } = await this.#bucket.createSignedUrl(path, seconds, options).catch((cause: unknown) => {
      throw storeFailed(cause);
    });
    if (error) throw isAbsent(error) ? new GatewayError('MEDIA_NOT_FOUND') : storeFailed(error);
    return data.signedUrl;
  }

  async close(): Promise<void> {
    await Promise.all([this.#open?.http.close(), this.#downloads.destroy()]);
    this.#open = null;
  }

  get #bucket() {
    const { current } = this.deps.host;
    if (!current) throw new GatewayError('MEDIA_STORE_FAILED', 'The Supabase project is not known yet.');
    if (this.#open?.url !== current.url) {
      void this.#open?.http.close();
      const http = createDatabaseFetch(TRANSFER_TIMEOUT_MS);
      const client = createClient(current.url, current.serviceRoleKey, {
        auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
        realtime: { transport: ws as never },
        global: { fetch: http.fetch },
      });
      this.#open = { url: current.url, client, http };
    }
    return this.#open.client.storage.from(MEDIA_BUCKET);
  }
}

function isAbsent(error: { message: string; status?: number | undefined }): boolean {
  return error.status === 404 || /not.?found/i.test(error.message);
}

function storeFailed(cause: unknown): GatewayError {
  return isGatewayError(cause) ? cause : new GatewayError('MEDIA_STORE_FAILED', undefined, { cause });
}
