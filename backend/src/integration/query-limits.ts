import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import { TokenBucket, type Rate } from '../outbound/token-bucket.js';

/** How often one connection may ask WhatsApp for each kind of thing: far less than its apps do, since numbers have been
 *  restricted for less (EvolutionAPI/evolution-api#2228). Answers from our own caches count nothing. */
const RATES = {
  groupList: { perMinute: 4, burst: 4 },
  groupRead: { perMinute: 30, burst: 20 },
  groupChange: { perMinute: 20, burst: 20 },
  groupCreate: { perMinute: 2, burst: 5 },
  groupJoin: { perMinute: 2, burst: 5 },
  picture: { perMinute: 20, burst: 20 },
  address: { perMinute: 20, burst: 20 },
  block: { perMinute: 10, burst: 10 },
} as const satisfies Record<string, Rate>;

export type QueryKind = keyof typeof RATES;

/** Keeps count for as long as the connection is loaded. */
export class QueryLimits {
  readonly #buckets = new WeakMap<object, Map<QueryKind, TokenBucket>>();

  constructor(private readonly clock: Clock) {}

  /** Before WhatsApp is asked. @throws GatewayError `RATE_LIMITED` with `details.retryAfterMs` */
  take(client: object, kind: QueryKind): void {
    const buckets = this.#buckets.get(client) ?? new Map<QueryKind, TokenBucket>();
    this.#buckets.set(client, buckets);
    const bucket = buckets.get(kind) ?? new TokenBucket(RATES[kind], this.clock);
    buckets.set(kind, bucket);
    const retryAfterMs = bucket.take();
    if (retryAfterMs > 0) {
      const { perMinute } = RATES[kind];
      const text = `WhatsApp is asked for this at most ${perMinute} times a minute per connection: try again later.`;
      throw new GatewayError('RATE_LIMITED', text, { details: { kind, perMinute, retryAfterMs } });
    }
  }
}
