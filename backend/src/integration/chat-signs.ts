import type { Journal } from '../journal/journal.js';
import type { NewLogEntry } from '../journal/records.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { NumberAnswer, NumberCheck } from '../outbound/number-check.js';
import type { Recipients } from '../outbound/recipients.js';
import type { SendChannel } from '../outbound/send-channel.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { MessageName } from '../whatsapp/media-calls.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { Connections } from './connections.js';
import type { PresenceInput, Row, Scope } from './resources.js';

export interface ChatSignsDeps {
  connections: Connections;
  journal: Pick<Journal, 'commit'>;
  database: Pick<SupabaseWhatsAppService, 'findMensagens'>;
  numbers: NumberCheck;
  recipients: Pick<Recipients, 'read'>;
  channelOf: (connectionId: string) => SendChannel | undefined;
}

/** Whether a number is on WhatsApp, and under which address. */
export interface NumberResource {
  number: string;
  exists: boolean;
  jid: string | null;
  lid: string | null;
}

/** A message as a caller knows it, who need not know it from us. */
export interface NamedMessage {
  id: string;
  /** A number or a JID; a message that we do not know cannot be marked without it. */
  chat?: string | undefined;
  fromMe?: boolean | undefined;
  /** JID of the author, in groups. */
  participant?: string | null | undefined;
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
    const rows = (await this.#rowsOf(connectionId, messageIds)).filter(isCustomers);
    if (rows.length === 0) throw new GatewayError('MESSAGE_NOT_FOUND');
    await this.#mark(client, rows, []);
    return rows.length;
  }

  /**
   * The same for callers with a memory of their own: a message without a row here (left out, or from before this gateway)
   * is marked at WhatsApp as they name it. Their own messages, and addresses that are nobody's, are passed over.
   * @throws CONNECTION_NOT_FOUND, NOT_CONNECTED, DATABASE_UNAVAILABLE
   */
  async markNamedRead(connectionId: string, messages: NamedMessage[], scope: Scope | null): Promise<void> {
    const client = this.deps.connections.client(connectionId, scope);
    const ids = messages.map(({ id }) => id);
    const rows = await this.#rowsOf(connectionId, ids);
    const known = new Set(rows.map((row) => row['whatsapp_id']));
    const others = messages.filter(({ id, fromMe }) => !known.has(id) && fromMe !== true);
    const names = await Promise.all(others.map((message) => this.#nameGiven(connectionId, message)));
    await this.#mark(client, rows.filter(isCustomers), names.flat());
  }

  #rowsOf(connectionId: string, messageIds: string[]): Promise<Row[]> {
    const lookup = this.deps.database.findMensagens(connectionId, messageIds);
    return withDeadline(lookup, LOOKUP_DEADLINE_MS, 'the messages');
  }

  /** Only rows are noted: an id that is nobody's must make no contato. */
  async #mark({ connectionId, calls }: WhatsAppClientService, rows: Row[], others: MessageName[]): Promise<void> {
    const names = [...rows.map(nameOf), ...others];
    if (names.length > 0) await calls.chat.markRead(names);
    if (rows.length > 0) await this.deps.journal.commit({ entries: readEntries(connectionId, rows) });
  }

  /** @throws CONNECTION_NOT_FOUND, INVALID_RECIPIENT, NOT_CONNECTED */
  async presence(input: PresenceInput, scope: Scope | null): Promise<void> {
    const client = this.deps.connections.client(input.connectionId, scope);
    await client.calls.chat.presence(await this.#jidOf(input.connectionId, input.to), input.state);
  }

  /**
   * Known numbers and earlier answers (30 days) cost nothing; others are asked of WhatsApp, 20 a minute at most: bulk
   * checks get numbers banned (EvolutionAPI/evolution-api#2228).
   * @throws CONNECTION_NOT_FOUND, INVALID_RECIPIENT, NOT_CONNECTED, RATE_LIMITED
   */
  async checkNumber(connectionId: string, number: string, scope: Scope | null): Promise<NumberResource> {
    this.deps.connections.client(connectionId, scope);
    const recipient = await this.deps.recipients.read(connectionId, number, 'number');
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

  async #jidOf(connectionId: string, to: string): Promise<string> {
    const recipient = await this.deps.recipients.read(connectionId, to);
    if (recipient.kind === 'jid') return recipient.jid;
    const known = this.deps.numbers.known(connectionId, recipient.digits);
    return known?.kind === 'found' ? known.jid : `${recipient.digits}@s.whatsapp.net`;
  }

  async #nameGiven(connectionId: string, { id, chat, participant }: NamedMessage): Promise<MessageName[]> {
    try {
      const recipient = await this.deps.recipients.read(connectionId, chat ?? '');
      const chatJid = recipient.kind === 'jid' ? recipient.jid : `${recipient.digits}@s.whatsapp.net`;
      return [{ id, chatJid, fromMe: false, participant: participant || null }];
    } catch (error) {
      if (isGatewayError(error, 'INVALID_RECIPIENT')) return [];
      throw error;
    }
  }
}

function isCustomers(row: Row): boolean {
  return row['remetente'] === 'CLIENTE';
}

function nameOf(row: Row): MessageName {
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
