/** Whether WhatsApp forbids this account to write to people it has no chat with (Baileys' `ReachoutTimelockState`). */
export interface ReachoutTimelock {
  active: boolean;
  /** ms since the epoch; null when WhatsApp does not say. */
  until: number | null;
  /** WhatsApp's own word for the cause, such as `BIZ_QUALITY`. */
  type: string | null;
}

/** How many new chats the account may begin in its present cycle (Baileys' `NewChatMessageCapInfo`). */
export interface NewChatCap {
  /** `NONE`, `FIRST_WARNING`, `SECOND_WARNING` or `CAPPED`. */
  status: string;
  total: number | null;
  used: number | null;
  /** ms since the epoch. */
  cycleEndsAt: number | null;
}

/** What is known about the account; null = WhatsApp has not said yet. */
export interface AccountFacts {
  timelock: ReachoutTimelock | null;
  cap: NewChatCap | null;
  /** The last time WhatsApp limited the rate (429), ms since the epoch. */
  rateLimitedAt: number | null;
}

export type PauseReason = 'REACHOUT_TIMELOCK' | 'NEW_CHAT_CAP' | 'RATE_LIMITED';

/** Why and until when no new chat is begun; replies go on. */
export interface NewChatPause {
  reason: PauseReason;
  /** ms since the epoch; null = until WhatsApp says so. */
  until: number | null;
  /** What a person should know, in Portuguese. */
  advice: string;
}

const RATE_LIMIT_PAUSE_MS = 15 * 60_000;

interface PauseRule {
  reason: PauseReason;
  advice: string;
  /** The end of the pause: a time, null = unknown; undefined = this rule pauses nothing. */
  until: (facts: AccountFacts) => number | null | undefined;
}

/** What pauses new chats, the gravest first. */
export const PAUSE_RULES: readonly PauseRule[] = [
  {
    reason: 'REACHOUT_TIMELOCK',
    advice: 'O WhatsApp bloqueou novas conversas deste número por um tempo. Respostas continuam; não insista.',
    until: ({ timelock }) => (timelock?.active ? timelock.until : undefined),
  },
  {
    reason: 'NEW_CHAT_CAP',
    advice: 'Este número atingiu o limite de novas conversas do WhatsApp neste ciclo. Respostas continuam.',
    until: ({ cap }) => (cap?.status === 'CAPPED' ? cap.cycleEndsAt : undefined),
  },
  {
    reason: 'RATE_LIMITED',
    advice: 'O WhatsApp limitou o ritmo deste número. Novas conversas esperam alguns minutos; respostas continuam.',
    until: ({ rateLimitedAt }) => (rateLimitedAt === null ? undefined : rateLimitedAt + RATE_LIMIT_PAUSE_MS),
  },
];

/** The pause in force now, or null. */
export function newChatPause(facts: AccountFacts, now: number): NewChatPause | null {
  for (const { reason, advice, until } of PAUSE_RULES) {
    const end = until(facts);
    if (end === null || (end !== undefined && end > now)) return { reason, until: end, advice };
  }
  return null;
}
