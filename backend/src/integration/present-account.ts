import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { AccountResource } from './resources.js';

/** What WhatsApp lets the account do, as the API shows it. */
export function presentAccount({ care, undecryptable }: WhatsAppClientService): AccountResource {
  const { pause, facts } = care;
  const { timelock, cap, rateLimitedAt } = facts;
  return {
    newChats: {
      paused: pause !== null,
      reason: pause?.reason ?? null,
      until: iso(pause?.until ?? null),
      conselho: pause?.advice ?? null,
    },
    reachoutTimelock: timelock && { active: timelock.active, until: iso(timelock.until), type: timelock.type },
    newChatCap: cap && { status: cap.status, total: cap.total, used: cap.used, cycleEndsAt: iso(cap.cycleEndsAt) },
    rateLimitedAt: iso(rateLimitedAt),
    undecryptable: { lastHour: undecryptable.lastHour, total: undecryptable.total },
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
