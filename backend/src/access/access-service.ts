import type { JSONWebKeySet } from 'jose';
import type { AuditRecord } from '../journal/access-records.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Quotas } from '../lib/quotas.js';
import type { Log } from '../lib/log.js';
import type { AuditQuery } from '../supabase/access-rows.js';
import type { RowPage } from '../supabase/rows.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import { ApiKeys } from './api-keys.js';
import { AuditTrail } from './audit-trail.js';
import { Authenticator } from './authenticator.js';
import type { Identity } from './identity.js';
import { KeyMirror } from './key-mirror.js';
import { UserTokens } from './user-tokens.js';

export interface AccessServiceDeps {
  journal: Journal;
  database: Pick<SupabaseWhatsAppService, 'query'>;
  /** API_KEY; null = programs on this machine need none. */
  rootKey: string | null;
  /** HS256 secret of user tokens, as far as it is known by now. */
  jwtSecret: () => string | null;
  jwks: JSONWebKeySet | URL | null;
  /** `aud` and `iss` that user tokens must have; null = any. */
  jwtAudience: string | null;
  jwtIssuer: string | null;
  defaultOwnerId: string;
  /** AUDIT_RETENTION_MS. */
  auditRetentionMs: number;
  clock: Clock;
  quotas: Quotas;
  log: Log;
}

/** Who may come in, and what they did. Works without the database; `start` lets it exchange with the tables. */
export class AccessService {
  readonly keys: ApiKeys;
  readonly #authenticator: Authenticator;
  readonly #mirror: KeyMirror;
  readonly #audit: AuditTrail;

  constructor(private readonly deps: AccessServiceDeps) {
    this.keys = new ApiKeys(deps);
    const { jwtSecret: secret, jwks, jwtAudience: audience, jwtIssuer: issuer, clock } = deps;
    const users = new UserTokens({ secret, jwks, audience, issuer, clock });
    this.#authenticator = new Authenticator({ rootKey: deps.rootKey, keys: this.keys, users });
    this.#mirror = new KeyMirror({ ...deps, keys: this.keys });
    this.#audit = new AuditTrail(deps);
  }

  start(): void {
    this.#mirror.start();
    this.#audit.start();
  }

  /** Can be called twice. */
  async stop(): Promise<void> {
    await Promise.all([this.#mirror.stop(), this.#audit.stop()]);
  }

  /** @returns null for nobody we know. @throws GatewayError `SIGN_IN_UNAVAILABLE` */
  identify(presented: string | undefined): Promise<Identity | null> {
    return this.#authenticator.identify(presented);
  }

  /** On the disk when it resolves; never rejects. */
  record(fact: Omit<AuditRecord, 'id' | 'at'>): Promise<void> {
    return this.#audit.record(fact);
  }

  /** Removes what is past its retention; call it every hour or so. @returns how many records @throws DatabaseFailure */
  forgetOldAudit(): Promise<number> {
    return this.#audit.forgetBefore(this.deps.clock.now() - this.deps.auditRetentionMs);
  }

  /** Rows of `whatsapp_auditoria`, the newest first. @throws DatabaseFailure */
  listAudit(query: AuditQuery): Promise<RowPage> {
    return this.#audit.list(query);
  }
}
