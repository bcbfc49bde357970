import type { Journal } from '../journal/journal.js';
import type { NewLogEntry } from '../journal/records.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import { parseRecipient } from '../lib/phone-number.js';
import type { NumberAnswer, NumberCheck } from '../outbound/number-check.js';
import type { SendChannel } from '../outbound/send-channel.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { Connections } from './connections.js';
import type { PresenceInput, Row, Scope } from './resources.js';

export interface ChatSignsDeps {
  connections: Connections;
  journal: Pick<Journal, 'commit'>;
  database: Pick<SupabaseWhatsAppService, 'findMensagens'>;
  numbers: NumberCheck;
  channelOf: (connectionId: string) => SendChannel | undefined;
}

/** Whether a number is on WhatsApp, and under which address. */
export interface NumberResource {
  number: string;
  exists: boolean;
  jid: string | null;
  lid: string | null;
}

const LOOKUP_DEADLINE_MS = 5_000;

/** Read marks, "typing…" and number checks: what a connection does that is no message. */
export class ChatSigns {
  constructor(private readonly deps: ChatSignsDeps) {}

  /**
   * Marks customers' messages as read, at WhatsApp first and then on their rows. Own messages are passed over.
   * @returns how many. @throws CONNECTION_NOT_FOUND, MESSAGE_NOT_FOUND, NOT_CONNECTED, DATABASE_UNAVAILABLE
   */
  async markRead(connectionId: string, messageIds: string[], scope: Scope | null): Promise<number> {
    const client = this.deps.connections.client(connectionId, scope);
    const lookup = this.deps.database.findMensagens(connectionId, messageIds);
    const rows = (await withDeadline(lookup, LOOKUP_DEADLINE_MS, 'the messages')).filter(isCustomers);
    if (rows.length === 0) throw new GatewayError('MESSAGE_NOT_FOUND');
    await client.calls.chat.markRead(rows.map(nameOf));
    await this.deps.journal.commit({ entries: readEntries(connectionId, rows) });
    return rows.length;
  }

  /** @throws CONNECTION_NOT_FOUND, INVALID_RECIPIENT, NOT_CONNECTED */
  async presence(input: PresenceInput, scope: Scope | null): Promise<void> {
    const client = this.deps.connections.client(input.connectionId, scope);
    await client.calls.chat.presence(this.#jidOf(input.connectionId, input.to), input.state);
  }

  /**
   * Known numbers and earlier answers (30 days) cost nothing; others are asked of WhatsApp, 20 a minute at most: bulk
   * checks get numbers banned (EvolutionAPI/evolution-api#2228).
   * @throws CONNECTION_NOT_FOUND, INVALID_RECIPIENT, NOT_CONNECTED, RATE_LIMITED
   */
  async checkNumber(connectionId: string, number: string, scope: Scope | null): Promise<NumberResource> {
    this.deps.connections.client(connectionId, scope);
    const recipient = parseRecipient(number, 'number');
    if (recipient.kind !== 'number') throw new GatewayError('INVALID_RECIPIENT', 'number must be a phone number');
    const answer = await this.#answer(connectionId, recipient.digits);
    if (answer.kind === 'later') {
      throw new GatewayError('RATE_LIMITED', 'Number checks are limited.', {
        details: { retryAfterMs: answer.afterMs },
      });
    }
    const found = answer.kind === 'found' ? { jid: answer.jid, lid: answer.lid } : { jid: null, lid: null };
    return { number: recipient.digits, exists: answer.kind === 'found', ...found };
  }

  async #answer(connectionId: string, digits: string): Promise<NumberAnswer> {
    const known = this.deps.numbers.known(connectionId, digits);
    if (known) return known;
    const channel = this.deps.channelOf(connectionId);
    if (channel?.estado !== 'ready') throw new GatewayError('NOT_CONNECTED');
    return this.deps.numbers.check(channel, digits);
  }

  #jidOf(connectionId: string, to: string): string {
    const recipient = parseRecipient(to);
    if (recipient.kind === 'jid') return recipient.jid;
    const known = this.deps.numbers.known(connectionId, recipient.digits);
    return known?.kind === 'found' ? known.jid : `${recipient.digits}@s.whatsapp.net`;
  }
}

function isCustomers(row: Row): boolean {
  return row['remetente'] === 'CLIENTE';
}

function nameOf(row: Row) {
  const participant = typeof row['remetente_jid'] === 'string' ? row['remetente_jid'] : null;
  return { id: String(row['whatsapp_id']), chatJid: String(row['chat_jid']), fromMe: false, participant };
}

/** One for each chat. */
function readEntries(connectionId: string, rows: Row[]): NewLogEntry[] {
  const byChat = new Map<string, string[]>();
  for (const { id, chatJid } of rows.map(nameOf)) byChat.set(chatJid, [...(byChat.get(chatJid) ?? []), id]);
  return [...byChat].map(([chatJid, whatsappIds]) => {
    return { kind: 'read', connectionId, chatJid, pn: null, lid: null, whatsappIds };
  });
}
