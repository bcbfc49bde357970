import type { Journal } from '../journal/journal.js';
import type { TemplateFill } from '../journal/schedule-records.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { MediaIntake } from '../media/media-intake.js';
import type { MediaStore } from '../media/media-store.js';
import type { SendRequest } from '../outbound/accept-message.js';
import type { Recipients } from '../outbound/recipients.js';
import type { Quoted } from '../outbound/text-message.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import { Naming, withMentions } from './naming.js';
import { composeMessage } from './message-content.js';
import type { MessageInput, SendMessageInput } from './resources.js';
import { filledText, type MessageTemplates } from './templates/message-templates.js';

export interface PrepareMessageDeps {
  database: Pick<SupabaseWhatsAppService, 'findMensagem'>;
  journal: Pick<Journal, 'getOutbox'>;
  intake: MediaIntake;
  mediaStore: MediaStore;
  templates: Pick<MessageTemplates, 'use'>;
  recipients: Pick<Recipients, 'read' | 'find'>;
  log: Log;
}

/** A request that needs nothing more to be accepted, and the template that its text was made of. */
export interface PreparedMessage extends Omit<SendRequest, 'remetente' | 'idempotency' | 'scheduled' | 'expiresAt'> {
  fill: TemplateFill | null;
}

const QUOTED_DEADLINE_MS = 1_500;

/**
 * Fetches, converts, fills in and looks up what a message needs. A file that it has staged is the caller's to discard.
 * @param ownerId whose templates are meant
 * @param at when it is to go out, ms since the epoch: what may be changed, and what `{{hora}}` says, depends on it
 * @throws GatewayError what `composeMessage` throws, `TEMPLATE_NOT_FOUND`, `BAD_REQUEST` (a variable is missing)
 */
export async function prepareMessage(
  deps: PrepareMessageDeps,
  input: SendMessageInput,
  ownerId: string,
  at: number,
): Promise<PreparedMessage> {
  const fill = input.template ? deps.templates.use(ownerId, input.template) : null;
  const message = fill ? withText(input.message, filledText(fill, new Date(at))) : input.message;
  const naming = new Naming(deps.recipients, input.connectionId);
  const mentioned = input.mentions ? await naming.mentioned(input.mentions) : [];
  const quoted = input.replyTo ? await findQuoted(deps, input) : undefined;
  const clock = { now: () => at };
  const { to, content, context } = await composeMessage({ ...deps, clock }, { ...input, message });
  const named = withMentions(await naming.cards(content), mentioned);
  const mentions = input.mentions && mentioned.map(({ jid }) => jid);
  const { connectionId, delayMs, typingMs } = input;
  return { ...context, connectionId, to, content: named, mentions, quoted, delayMs, typingMs, fill };
}

/** The message with a filled-in template as its text, or as its caption. */
function withText(message: MessageInput, text: string): MessageInput {
  if (message.type === 'text' || message.type === 'edit') return { ...message, text };
  return 'source' in message ? { ...message, caption: text } : message;
}

/** The quoted text comes from the database; without it the quote still names its message. */
async function findQuoted(deps: PrepareMessageDeps, input: SendMessageInput): Promise<Quoted> {
  const stanzaId = input.replyTo!;
  try {
    const lookup = deps.database.findMensagem(input.connectionId, stanzaId);
    const row = await withDeadline(lookup, QUOTED_DEADLINE_MS, 'quoted message');
    if (!row)
      throw new GatewayError('MESSAGE_NOT_FOUND', `replyTo: there is no message ${stanzaId} on this connection`);
    const participant = typeof row['remetente_jid'] === 'string' ? row['remetente_jid'] : undefined;
    return { stanzaId, participant, text: String(row['conteudo']) };
  } catch (error) {
    if (isGatewayError(error, 'MESSAGE_NOT_FOUND')) throw error;
    deps.log.warn('quoted message not looked up', { error });
    return { stanzaId };
  }
}
