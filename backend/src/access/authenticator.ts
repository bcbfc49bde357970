import { isSameSecret } from '../lib/same-secret.js';
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
  constructor(private readonly deps: AuthenticatorDeps) {}

  /**
   * @param presented the bearer token or key; undefined = none
   * @returns null for nobody we know. Without a root key everybody on this machine is `anonymous`, but for who presents
   * an API key or a token: that one counts, so that an expired one does not turn into all rights.
   * @throws GatewayError `SIGN_IN_UNAVAILABLE`
   */
  async identify(presented: string | undefined): Promise<Identity | null> {
    const { rootKey } = this.deps;
    if (presented !== undefined && rootKey !== null && isSameSecret(presented, rootKey)) return ROOT;
    if (presented !== undefined && looksLikeKey(presented)) return this.deps.keys.authenticate(presented);
    if (presented !== undefined && UserTokens.looksLikeToken(presented)) return this.deps.users.authenticate(presented);
    return rootKey === null ? ANONYMOUS : null;
  }
}
