import type { NewChatMessageCapInfo, ReachoutTimelockState, WASocket } from '@whiskeysockets/baileys';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import type { Log } from '../lib/log.js';
import { newChatPause, type AccountFacts, type NewChatPause } from './new-chat-pause.js';

/** The two questions that WhatsApp answers about an account's standing. */
export type StandingQueries = Pick<WASocket, 'fetchAccountReachoutTimelock' | 'fetchNewChatMessageCap'>;

export interface AccountCareDeps {
  clock: Clock;
  log: Log;
  /** The socket that is logged in now, or null. */
  sock: () => StandingQueries | null;
  /** The pause of new chats began, ended or changed its reason. */
  onPause: (pause: NewChatPause | null) => void;
}

/** After a login Baileys has questions of its own; ours can wait. */
const FIRST_ASK_MS = 2_000;
const ASK_EVERY_MS = 60 * 60_000;
const DEADLINE_MS = 15_000;

/**
 * What WhatsApp lets an account do. It locks numbers out of new chats (error 463), counts new chats per cycle, and limits
 * rates; each further try makes it worse. The answer to all three: no new chat is begun, replies go on.
 */
export class AccountCare {
  #facts: AccountFacts = { timelock: null, cap: null, rateLimitedAt: null };
  #told: NewChatPause['reason'] | null = null;
  #cancelAsk: () => void = () => undefined;
  #cancelEnd: () => void = () => undefined;

  constructor(private readonly deps: AccountCareDeps) {}

  get facts(): Readonly<AccountFacts> {
    return this.#facts;
  }

  /** Why no new chat may be begun now; null when one may. */
  get pause(): NewChatPause | null {
    return newChatPause(this.#facts, this.deps.clock.now());
  }

  /** Logged in: WhatsApp is asked soon, and every hour. */
  opened(): void {
    this.#askIn(FIRST_ASK_MS);
  }

  /** The socket is gone; what is known stays. */
  closed(): void {
    this.#cancelAsk();
  }

  /** WhatsApp refused a message with 463: it is asked whether the whole account is locked, or that chat alone. */
  async refused(): Promise<void> {
    await this.#ask();
  }

  /** WhatsApp told about the lock: by itself, or because it was asked. */
  timelockTold({ isActive, timeEnforcementEnds, enforcementType }: ReachoutTimelockState): void {
    const until = timeEnforcementEnds?.getTime() ?? null;
    this.#learn({ timelock: { active: isActive === true, until, type: enforcementType ?? null } });
  }

  /** WhatsApp told about the quota of new chats; times are seconds as text. */
  capTold({ capping_status, total_quota, used_quota, cycle_end_timestamp }: NewChatMessageCapInfo): void {
    const end = Number(cycle_end_timestamp) * 1000;
    this.#learn({
      cap: {
        status: capping_status ?? 'NONE',
        total: total_quota ?? null,
        used: used_quota ?? null,
        cycleEndsAt: end > 0 ? end : null,
      },
    });
  }

  /** WhatsApp closed the socket with 429, or refused a message with it. */
  rateLimited(): void {
    this.#learn({ rateLimitedAt: this.deps.clock.now() });
  }

  stop(): void {
    this.#cancelAsk();
    this.#cancelEnd();
  }

  #askIn(ms: number): void {
    this.#cancelAsk();
    this.#cancelAsk = this.deps.clock.after(ms, () => {
      this.#askIn(ASK_EVERY_MS);
      void this.#ask();
    });
  }

  /** Never rejects: standing is advice, and servers without an answer exist. */
  async #ask(): Promise<void> {
    const sock = this.deps.sock();
    if (!sock) return;
    try {
      this.timelockTold(await withDeadline(sock.fetchAccountReachoutTimelock(), DEADLINE_MS, 'reach-out time-lock'));
      this.capTold(await withDeadline(sock.fetchNewChatMessageCap(), DEADLINE_MS, 'new-chat cap'));
    } catch (error) {
      this.deps.log.debug('account standing not learnt', { error });
    }
  }

  #learn(news: Partial<AccountFacts>): void {
    this.#facts = { ...this.#facts, ...news };
    this.#tell();
  }

  #tell(): void {
    const { pause } = this;
    const { clock } = this.deps;
    this.#cancelEnd();
    if (pause?.until != null)
      this.#cancelEnd = clock.after(Math.min(pause.until - clock.now(), ASK_EVERY_MS), () => this.#tell());
    if ((pause?.reason ?? null) === this.#told) return;
    this.#told = pause?.reason ?? null;
    this.deps.onPause(pause);
  }
}
