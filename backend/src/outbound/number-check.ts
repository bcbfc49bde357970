import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Journal } from '../journal/journal.js';
import { digitsOfJid, officialSpelling, pnJid, spellings } from '../lib/phone-number.js';
import type { SendChannel } from './send-channel.js';
import { TokenBucket, type Rate } from './token-bucket.js';

/** A number as WhatsApp knows it. `jid` is where to send, `pn` and `lid` are addresses without device. */
export interface FoundNumber {
  kind: 'found';
  jid: string;
  pn: string;
  lid: string | null;
}

/** `later`: nothing was learned now; ask again after `afterMs`. */
export type NumberAnswer = FoundNumber | { kind: 'absent' } | { kind: 'later'; afterMs: number };

const DAY_MS = 86_400_000;
/** How long an answer is believed. A number may join WhatsApp any minute, and rarely leaves it. */
const FOUND_FOR_MS = 30 * DAY_MS;
const ABSENT_FOR_MS = 3_600_000;
const LOOKUP_DEADLINE_MS = 5_000;
const AFTER_FAILED_LOOKUP_MS = 5_000;
/** Bulk checks get numbers banned (EvolutionAPI/evolution-api#2228). */
const DEFAULT_RATE: Rate = { perMinute: 20, burst: 20 };
const KEY_TYPE = 'number-check';

interface StoredAnswer {
  jid: string | null;
  lid: string | null;
  at: number;
}

/**
 * Finds out under which address WhatsApp knows a number, asking it as seldom as possible.
 *
 * Asked first, without any network: Baileys' own `lid-mapping` keys, which hold everybody who ever wrote to this number
 * or was written to (Signal/lid-mapping.js), and then our earlier answers. Those lie beside them as keys of the type
 * `number-check`: they live, are sealed and are deleted with the connection's other keys, and survive restarts.
 */
export class NumberCheck {
  readonly #buckets = new WeakMap<SendChannel, TokenBucket>();
  readonly #asking = new Map<string, Promise<NumberAnswer>>();

  constructor(
    private readonly deps: { journal: Pick<Journal, 'getKeys' | 'commit'>; clock: Clock; log: Log; rate?: Rate },
  ) {}

  /** What is known without asking; null when only WhatsApp can tell. */
  known(connectionId: string, digits: string): FoundNumber | { kind: 'absent' } | null {
    const known = this.#inChats(connectionId, digits) ?? this.#answeredBefore(connectionId, digits);
    return known?.kind === 'absent' ? (this.met(connectionId, digits) ?? known) : known;
  }

  /** A number whose messages this connection could read: it exists, whatever a lookup says (0800…, short codes). */
  met(connectionId: string, digits: string): FoundNumber | null {
    // Baileys keeps the sessions of a person's first device under this name until their LID is known.
    const id = `${digits}.0`;
    const session = this.deps.journal.getKeys(connectionId, 'session', [id])[id];
    return session == null ? null : found(pnJid(digits), pnJid(digits), null);
  }

  /** The phone-number JID that belongs to a LID, if this connection has met it. */
  pnOfLid(connectionId: string, lid: string): string | null {
    const id = `${digitsOfJid(lid)}_reverse`;
    const user = this.deps.journal.getKeys(connectionId, 'lid-mapping', [id])[id];
    return typeof user === 'string' ? pnJid(user) : null;
  }

  /** Known, or asked over the channel. Never rejects for what the network does; rejects when the journal fails. */
  async check(channel: SendChannel, digits: string): Promise<NumberAnswer> {
    const known = this.known(channel.connectionId, digits);
    if (known) return known;
    const flight = `${channel.connectionId}/${officialSpelling(digits)}`;
    const asked = this.#asking.get(flight);
    if (asked) return asked;
    const asking = this.#ask(channel, digits);
    this.#asking.set(flight, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(flight);
    }
  }

  #inChats(connectionId: string, digits: string): FoundNumber | null {
    const candidates = spellings(digits);
    const lids = this.deps.journal.getKeys(connectionId, 'lid-mapping', candidates);
    for (const candidate of candidates) {
      const lid = lids[candidate];
      if (typeof lid === 'string') return found(pnJid(candidate), pnJid(candidate), `${lid}@lid`);
    }
    return null;
  }

  #answeredBefore(connectionId: string, digits: string): FoundNumber | { kind: 'absent' } | null {
    const id = officialSpelling(digits);
    const stored = this.deps.journal.getKeys(connectionId, KEY_TYPE, [id])[id] as StoredAnswer | null | undefined;
    if (!stored) return null;
    const age = this.deps.clock.now() - stored.at;
    if (stored.jid === null) return age < ABSENT_FOR_MS ? { kind: 'absent' } : null;
    return age < FOUND_FOR_MS ? found(stored.jid, phoneOf(stored.jid, digits), stored.lid) : null;
  }

  async #ask(channel: SendChannel, digits: string): Promise<NumberAnswer> {
    const afterMs = this.#bucketOf(channel).take();
    if (afterMs > 0) return { kind: 'later', afterMs };
    const answer = await this.#lookup(channel, spellings(digits));
    if (answer === 'failed') return { kind: 'later', afterMs: AFTER_FAILED_LOOKUP_MS };
    await this.#remember(channel.connectionId, digits, answer ?? { jid: null, lid: null });
    if (answer) return found(answer.jid, phoneOf(answer.jid, digits), answer.lid);
    return this.met(channel.connectionId, digits) ?? { kind: 'absent' };
  }

  async #lookup(
    channel: SendChannel,
    candidates: string[],
  ): Promise<{ jid: string; lid: string | null } | null | 'failed'> {
    let cancel = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = this.deps.clock.after(LOOKUP_DEADLINE_MS, () => reject(new GatewayError('DEADLINE_EXCEEDED')));
    });
    try {
      return await Promise.race([channel.lookupNumber(candidates), late]);
    } catch (error) {
      this.deps.log.warn('number lookup failed', { connectionId: channel.connectionId, error });
      return 'failed';
    } finally {
      cancel();
    }
  }

  async #remember(connectionId: string, digits: string, answer: Omit<StoredAnswer, 'at'>): Promise<void> {
    const stored: StoredAnswer = { jid: answer.jid, lid: answer.lid, at: this.deps.clock.now() };
    const mutations = { [KEY_TYPE]: { [officialSpelling(digits)]: stored } };
    await this.deps.journal.commit({ keys: { connectionId, mutations } });
  }

  #bucketOf(channel: SendChannel): TokenBucket {
    const bucket = this.#buckets.get(channel) ?? new TokenBucket(this.deps.rate ?? DEFAULT_RATE, this.deps.clock);
    this.#buckets.set(channel, bucket);
    return bucket;
  }
}

function found(jid: string, pn: string, lid: string | null): FoundNumber {
  return { kind: 'found', jid, pn, lid };
}

/** WhatsApp may answer with a LID; the phone number is then the one that was asked. */
function phoneOf(jid: string, digits: string): string {
  return pnJid(jid.endsWith('@s.whatsapp.net') ? (digitsOfJid(jid) ?? digits) : digits);
}
