import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { LinkProof, LinkSigner } from '../media/link-signer.js';
import { findMedia, openMessageMedia, type MessageMediaDeps, type OpenMedia } from './message-media.js';
import type { Scope } from './resources.js';
import { fetchFirst, retryMedia, type MediaState, type RetryMediaDeps } from './retry-media.js';

export interface MediaServiceDeps extends MessageMediaDeps, RetryMediaDeps {
  signer: LinkSigner;
  /** Where the gateway shows a file to whoever has a proof for it. */
  linkUrl: (messageId: string, proof: LinkProof) => string;
}

/** A link that needs no key, for as long as it says. */
export interface MediaLink {
  url: string;
  /** ISO 8601. */
  expiresAt: string;
}

/** The files of messages: read, linked to, asked for again. `scope` null sees everything. */
export class MediaService {
  constructor(private readonly deps: MediaServiceDeps) {}

  /** @param range the `Range` header. @throws GatewayError like {@link openMessageMedia} */
  async open(messageId: string, range: string | undefined, scope: Scope | null): Promise<OpenMedia> {
    try {
      return await openMessageMedia(this.deps, messageId, range, scope);
    } catch (error) {
      if (isGatewayError(error, 'MEDIA_PENDING')) await fetchFirst(this.deps, messageId, scope);
      throw error;
    }
  }

  /**
   * A link to a file that the caller may see: Supabase Storage's own where files lie there, else one of this gateway.
   * Whoever has it reads this one file until it expires, also when the caller's key is revoked meanwhile: keep it short.
   * @throws GatewayError like {@link findMedia}, and `MEDIA_STORE_FAILED`
   */
  async link(messageId: string, seconds: number, scope: Scope | null): Promise<MediaLink> {
    const facts = await findMedia(this.deps, messageId, scope);
    const expires = Math.floor(this.deps.clock.now() / 1000) + seconds;
    const own = () => this.deps.linkUrl(messageId, this.deps.signer.sign(messageId, expires));
    const url = (await this.deps.store.sign?.(facts.path, seconds, facts)) ?? own();
    return { url, expiresAt: new Date(expires * 1000).toISOString() };
  }

  /** The file that a link is for. @throws GatewayError `UNAUTHORIZED` (forged or expired), and like {@link openMessageMedia} */
  async openLink(messageId: string, proof: LinkProof, range: string | undefined): Promise<OpenMedia> {
    if (!this.deps.signer.isValid(messageId, proof, this.deps.clock.now())) {
      throw new GatewayError('UNAUTHORIZED', 'This link is not valid, or not any more: ask for a new one.');
    }
    // Whoever signed it was asked for the right to see the message.
    return openMessageMedia(this.deps, messageId, range, null);
  }

  /** Has a file fetched again that is not there. @throws GatewayError like {@link retryMedia} */
  retry(messageId: string, scope: Scope | null): Promise<MediaState> {
    return retryMedia(this.deps, messageId, scope);
  }
}
