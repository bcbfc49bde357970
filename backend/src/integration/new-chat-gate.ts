import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { officialSpelling, pnJid, type Recipient } from '../lib/phone-number.js';
import type { Recipients } from '../outbound/recipients.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';

export interface NewChatGateDeps {
  database: Pick<SupabaseWhatsAppService, 'hasWritten'>;
  recipients: Pick<Recipients, 'read'>;
  clock: Clock;
  log: Log;
}

const LOOKUP_DEADLINE_MS = 1_500;
/** A send that was accepted before the pause looks again so often. */
const LOOK_AGAIN_MS = 60_000;

/**
 * While an account may not begin new chats, cold sends wait or are refused and replies go on. Cold: a person who has never
 * written to this connection. The database is asked only during a pause, and when it cannot tell, the send goes on:
 * WhatsApp's own refusal is the lesser harm than a customer without an answer.
 */
export class NewChatGate {
  constructor(private readonly deps: NewChatGateDeps) {}

  /** Refuses a request for a cold send. @throws NEW_CHATS_PAUSED, INVALID_RECIPIENT */
  async admit(client: WhatsAppClientService, to: string): Promise<void> {
    const { pause } = client.care;
    if (!pause) return;
    const recipient = await this.deps.recipients.read(client.connectionId, to);
    if (!(await this.#isCold(client.connectionId, addressesOf(recipient)))) return;
    const until = pause.until === null ? null : new Date(pause.until).toISOString();
    throw new GatewayError('NEW_CHATS_PAUSED', undefined, {
      details: { reason: pause.reason, until, conselho: pause.advice },
    });
  }

  /** How long an accepted send waits before it looks again; null = it goes now, which costs nothing without a pause. */
  holdMs(client: WhatsAppClientService, to: { pn: string | null; lid: string | null }): Promise<number> | null {
    const { pause } = client.care;
    if (!pause) return null;
    const leftMs = pause.until === null ? LOOK_AGAIN_MS : pause.until - this.deps.clock.now();
    const addresses = [to.pn, to.lid].filter((each) => each !== null);
    const holdMs = Math.max(1, Math.min(leftMs, LOOK_AGAIN_MS));
    return this.#isCold(client.connectionId, addresses).then((cold) => (cold ? holdMs : 0));
  }

  /** Groups have no addresses of a person, and are never cold. */
  async #isCold(connectionId: string, addresses: string[]): Promise<boolean> {
    if (addresses.length === 0) return false;
    try {
      const known = this.deps.database.hasWritten(connectionId, addresses);
      return !(await withDeadline(known, LOOKUP_DEADLINE_MS, 'earlier messages'));
    } catch (error) {
      this.deps.log.warn('not known whether a chat is new, the database is away', { connectionId, error });
      return false;
    }
  }
}

function addressesOf(recipient: Recipient): string[] {
  if (recipient.kind === 'number') return [pnJid(recipient.digits), pnJid(officialSpelling(recipient.digits))];
  return recipient.tipo === 'pessoa' ? [recipient.jid] : [];
}
