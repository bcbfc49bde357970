import { errors, jwtVerify } from 'jose';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import { isSameSecret } from '../lib/same-secret.js';

/** What came with a webhook that could be its proof: the last parts of the path, headers. */
export interface PresentedSecrets {
  path: string | null;
  /** `x-webhook-secret` or `apikey`. */
  header: string | null;
  /** `Authorization: Bearer …`: Evolution's JWT, or the secret itself. */
  bearer: string | null;
}

/** Which connections a proof speaks for: all of the gateway's, or those whose own secret it is. */
export type Admission = { kind: 'gateway' } | { kind: 'connections'; ids: readonly string[] };

interface Candidate {
  secret: string;
  /** null = the secret of the settings. */
  connectionId: string | null;
}

/** Two clocks may differ by as much. */
const TOLERANCE_S = 60;

/**
 * Who may post webhooks. A proof is a secret (compared as digests, in constant time) or the token that an Evolution server
 * makes of it when it is the `jwt_key` of its webhook: HS256, `{ app: 'evolution', action: 'webhook', exp }`
 * (evolution-api 2.3.6, webhook.controller.ts). Every candidate is compared, whatever the first ones say.
 */
export class WebhookSecrets {
  constructor(
    private readonly deps: {
      /** EVOLUTION_WEBHOOK_SECRET. */
      shared: string | null;
      journal: Pick<Journal, 'listConnections'>;
      clock: Clock;
    },
  ) {}

  /** @throws GatewayError `WEBHOOK_SECRET_MISSING` while there is none at all, `UNAUTHORIZED` */
  async admit(presented: PresentedSecrets): Promise<Admission> {
    const candidates = this.#candidates();
    if (candidates.length === 0) throw new GatewayError('WEBHOOK_SECRET_MISSING');
    const given = [presented.path, presented.header, presented.bearer].filter((each) => each !== null);
    const proofs = await Promise.all(
      candidates.map(async (candidate) => {
        const same = given.map((text) => isSameSecret(text, candidate.secret)).some(Boolean);
        return same || (await this.#isToken(presented.bearer, candidate.secret)) ? [candidate] : [];
      }),
    );
    const proven = proofs.flat();
    if (proven.some(({ connectionId }) => connectionId === null)) return { kind: 'gateway' };
    const ids = proven.flatMap(({ connectionId }) => connectionId ?? []);
    if (ids.length > 0) return { kind: 'connections', ids };
    throw new GatewayError(
      'UNAUTHORIZED',
      'Send the webhook secret as "x-webhook-secret: <secret>", as the last part of the path, or set it as jwt_key.',
    );
  }

  #candidates(): Candidate[] {
    const { shared, journal } = this.deps;
    const own = journal.listConnections().flatMap(({ connectionId, evolution }) => {
      return evolution?.webhookSecret ? [{ secret: evolution.webhookSecret, connectionId }] : [];
    });
    return shared === null ? own : [{ secret: shared, connectionId: null }, ...own];
  }

  async #isToken(bearer: string | null, secret: string): Promise<boolean> {
    if (bearer === null || bearer.split('.').length !== 3) return false;
    try {
      const { payload } = await jwtVerify(bearer, Buffer.from(secret), {
        algorithms: ['HS256'],
        clockTolerance: TOLERANCE_S,
        requiredClaims: ['exp', 'app', 'action'],
        currentDate: new Date(this.deps.clock.now()),
      });
      return payload['app'] === 'evolution' && payload['action'] === 'webhook';
    } catch (error) {
      if (error instanceof errors.JOSEError) return false;
      throw error;
    }
  }
}
