import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKeys } from './api-keys.js';
import { ANONYMOUS, ROOT, type Identity } from './identity.js';
import { looksLikeKey } from './key-text.js';
import { UserTokens } from './user-tokens.js';

export interface AuthenticatorDeps {
  /** API_KEY; null = programs on this machine need none. */
  rootKey: string | null;
  keys: Pick<ApiKeys, 'authenticate'>;
  users: Pick<UserTokens, 'authenticate'>;
}

/** Turns what a request presents into who calls. */
export class Authenticator {
  readonly #root: Buffer | null;

  constructor(private readonly deps: AuthenticatorDeps) {
    this.#root = deps.rootKey === null ? null : digest(deps.rootKey);
  }

  /**
   * @param presented the bearer token or key; undefined = none
   * @returns null for nobody we know. Without a root key everybody on this machine is `anonymous`, but for who presents
   * an API key or a token: that one counts, so that an expired one does not turn into all rights.
   * @throws GatewayError `SIGN_IN_UNAVAILABLE`
   */
  async identify(presented: string | undefined): Promise<Identity | null> {
    if (presented !== undefined && this.#root && timingSafeEqual(digest(presented), this.#root)) return ROOT;
    if (presented !== undefined && looksLikeKey(presented)) return this.deps.keys.authenticate(presented);
    if (presented !== undefined && UserTokens.looksLikeToken(presented)) return this.deps.users.authenticate(presented);
    return this.#root === null ? ANONYMOUS : null;
  }
}

/** Digests are compared, so that neither length nor content shows in the time it takes. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
