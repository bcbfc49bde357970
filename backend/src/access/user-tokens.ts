import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTPayload } from 'jose';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import { isPartyText, partyOf, textsOf, type Party } from '../lib/party.js';
import { GRANTS, type Identity } from './identity.js';

export interface UserTokensDeps {
  /** HS256 secret; null = no such tokens. Asked for each time: the local database makes one when none is set. */
  secret: () => string | null;
  /** Public keys, or the URL where they are; null = no such tokens. */
  jwks: JSONWebKeySet | URL | null;
  /** What a token must name as `aud` and `iss`; unset = anything. */
  audience?: string | null;
  issuer?: string | null;
  clock: Clock;
}

/** Clocks of two machines. */
const TOLERANCE_S = 5;
const FETCH_DEADLINE_MS = 5_000;
/** How often the URL is asked for news. What it said last stays in force while it cannot be reached. */
const REFRESH_MS = 600_000;

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

/**
 * JWTs that Supabase Auth has given to signed-in users. Whoever has one may do everything with what is theirs. A `sub` that is
 * no UUID (another sign-in provider's) is a user, too; only the tables themselves know UUIDs alone.
 */
export class UserTokens {
  readonly #local: ReturnType<typeof createLocalJWKSet> | null;
  readonly #remote: RemoteKeys | null;
  #askedAt = 0;

  constructor(private readonly deps: UserTokensDeps) {
    const { jwks } = deps;
    this.#local = jwks === null || jwks instanceof URL ? null : createLocalJWKSet(jwks);
    const options = { timeoutDuration: FETCH_DEADLINE_MS, cacheMaxAge: Infinity };
    this.#remote = jwks instanceof URL ? createRemoteJWKSet(jwks, options) : null;
  }

  /** Three parts with dots between them: nothing else that is sent as a key looks so. */
  static looksLikeToken(text: string): boolean {
    return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
  }

  /**
   * The user of a valid, unexpired token; null for any other one.
   * @throws GatewayError `SIGN_IN_UNAVAILABLE` when the public keys were never reached
   */
  async authenticate(token: string): Promise<Identity | null> {
    try {
      const claims = await this.#verify(token);
      return claims && identityOf(claims);
    } catch (cause) {
      if (isRefusal(cause)) return null;
      throw new GatewayError('SIGN_IN_UNAVAILABLE', undefined, { cause });
    }
  }

  /** Which key belongs to which algorithm is ours to say: a public key must never be taken for an HS256 secret. */
  async #verify(token: string): Promise<JWTPayload | null> {
    const alg = algorithmOf(token);
    if (alg === null) return null;
    const { audience, issuer } = this.deps;
    const options = {
      ...(audience ? { audience } : {}),
      ...(issuer ? { issuer } : {}),
      clockTolerance: TOLERANCE_S,
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(this.deps.clock.now()),
    };
    if (alg === 'HS256') {
      const secret = this.deps.secret();
      if (secret === null) return null;
      return (await jwtVerify(token, Buffer.from(secret), { ...options, algorithms: ['HS256'] })).payload;
    }
    const keys = this.#local ?? this.#freshRemote();
    if (keys === null) return null;
    return (await jwtVerify(token, keys, { ...options, algorithms: ['ES256', 'RS256', 'EdDSA'] })).payload;
  }

  /** Asks in the background once there is something to go on with. */
  #freshRemote(): RemoteKeys | null {
    const now = this.deps.clock.now();
    if (this.#remote?.jwks() !== undefined && now - this.#askedAt > REFRESH_MS) {
      this.#askedAt = now;
      this.#remote.reload().catch(() => undefined);
    }
    return this.#remote;
  }
}

/** Supabase's anonymous sign-ins are anybody who opened a page: they have nothing here. */
function identityOf(claims: JWTPayload): Identity | null {
  const { sub, exp = 0, role, is_anonymous: isAnonymous } = claims;
  if (role !== 'authenticated' || isAnonymous === true || sub === undefined || !isPartyText(sub)) return null;
  const user = partyOf(sub);
  const companies = companiesOf(claims);
  const texts = textsOf(user, ...companies);
  const ownerId = user.id;
  const scope = { ownerId, companyIds: companies.map(({ id }) => id), ...(texts && { texts }) };
  return { name: `user:${ownerId}`, grants: new Set(GRANTS), scope, ratePerMinute: null, expiresAt: exp * 1000 };
}

/** From app_metadata, which only the project's owner can write; never from user_metadata. As in the RLS policies. */
function companiesOf(claims: JWTPayload): Party[] {
  const meta = claims['app_metadata'];
  const ids = typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>)['company_ids'] : null;
  if (!Array.isArray(ids)) return [];
  return ids.filter((id): id is string => typeof id === 'string' && isPartyText(id)).map(partyOf);
}

/** jose says no in errors of its own; the rest (its generic one included) is about reaching the public keys. */
function isRefusal(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  return error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC';
}

function algorithmOf(token: string): string | null {
  try {
    return decodeProtectedHeader(token).alg ?? null;
  } catch {
    // It only looked like a token.
    return null;
  }
}
