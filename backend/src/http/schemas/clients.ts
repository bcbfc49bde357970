import { z } from 'zod';
import type { ClientResource } from '../../integration/client-resources.js';
import { cleanText, connectionId, isoTime, isoTimeOrNull, party } from './common.js';
import { FREE_TYPES, requireFields } from './message-content.js';
import { delayMs, messageFields, messageText } from './messages.js';

/** An object, so that the compiler misses a status that is not here. */
const STATUSES = {
  ...{ idle: 0, initializing: 0, qr_ready: 0, authenticated: 0, ready: 0, disconnected: 0, error: 0 },
} satisfies Record<ClientResource['status'], 0>;

export const createClientBody = z
  .object({
    clientId: connectionId.optional().meta({ description: 'Left out: `client_<ms>`.', example: 'loja-2' }),
    name: cleanText(200).min(1).optional(),
    ownerId: party.optional(),
    companyId: party.nullable().optional(),
  })
  .meta({ id: 'CreateClient' });

const text = messageText.optional().meta({ description: 'The same as `content`, for type text.' });

type Texts = { content?: string | undefined; text?: string | undefined };

/** `content`, by either of its names. */
export function contentOf({ content, text: other }: Texts): string | undefined {
  return content ?? other;
}

function checkMessage(body: Parameters<typeof requireFields>[0] & Texts, context: z.RefinementCtx): void {
  if (body.content !== undefined && body.text !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['text'],
      message: 'must not be given beside content, which is the same',
    });
  }
  requireFields({ ...body, content: contentOf(body) }, context);
}

export const sendByClientBody = z
  .object({ ...messageFields, delayMs, text })
  .superRefine(checkMessage)
  .meta({ id: 'SendByClient' });

const { messageId: _messageId, emoji: _emoji, replyTo: _replyTo, ...free } = messageFields;

/** What speaks of another message is refused: only the number that knows that message can send it. */
export const sendByAnyBody = z
  .strictObject({ ...free, delayMs, type: z.enum(FREE_TYPES).default('text'), text })
  .superRefine(checkMessage)
  .meta({ id: 'SendByAny' });

export const client = z
  .object({
    clientId: z.string(),
    status: z.enum(Object.keys(STATUSES)),
    phoneNumber: z.string().nullable(),
    qrCode: z.string().nullable().meta({ description: 'PNG as data URL; null for callers without `manage`.' }),
    metadata: z.object({
      createdAt: isoTime,
      lastQRAt: isoTimeOrNull,
      connectedAt: isoTimeOrNull,
      messageCount: z.number().int().meta({ description: 'Received, and sent by API.' }),
    }),
    isReady: z.boolean(),
  })
  .meta({ id: 'Client' });

export const clientReply = z.object({ success: z.literal(true), client });
export const readyIds = z.array(z.string()).meta({ example: ['client_1732205400123'] });
export const clients = z.array(client);

const count = z.number().int().min(0);
export const poolStats = z
  .object({
    totalCreated: count,
    totalConnected: count.meta({ description: 'How often clients became ready.' }),
    totalDisconnected: count.meta({ description: 'How often clients ceased to be ready.' }),
    totalMessages: count,
    currentClients: count,
    maxClients: count.meta({ description: 'MAX_CONNECTIONS.' }),
    readyClients: count,
    clientsByStatus: z.record(z.string(), count),
  })
  .meta({ id: 'PoolStats' });

export const restoreReply = z.object({
  success: z.literal(true),
  restored: count,
  total: count,
  message: z.string().meta({ example: '2/3 sessões restauradas' }),
});
