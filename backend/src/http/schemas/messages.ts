import { z } from 'zod';
import { cleanText, connectionId, isoTime, pageQuery } from './common.js';
import { contentFields, MESSAGE_TYPES, requireFields } from './message-content.js';
import { templateUse } from './templates.js';

/** WhatsApp's own clients stop there. */
const MAX_CONTENT = 65_536;
export const address = cleanText(128)
  .min(1)
  .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, 'must have no control characters');

export const messageText = cleanText(MAX_CONTENT).min(1, 'must not be empty').regex(/\S/, 'must not be empty');

const MAX_DELAY_MS = 300_000;
const MAX_TYPING_MS = 20_000;

/** Up to here a message can be kept back; what is to go later is scheduled. */
export const delayMs = z
  .number()
  .int()
  .min(0)
  .max(MAX_DELAY_MS, `must be at most ${MAX_DELAY_MS}: schedule what is to go later`)
  .optional()
  .meta({
    description:
      'How long it is kept back, in ms from its acceptance; what is sent to the same chat after it waits behind it.',
  });

/** Everything of a message but who sends it. */
export const messageFields = {
  to: address.optional().meta({
    description: 'A number in any usual spelling, a JID, or the JID of a group. Not for reaction, edit and delete.',
    example: '5511999999999@s.whatsapp.net',
  }),
  type: z.enum(MESSAGE_TYPES).default('text'),
  content: messageText.optional().meta({ example: 'Olá! Como posso ajudar?', description: 'Of text and edit.' }),
  template: templateUse.optional(),
  ...contentFields,
  mentions: z.array(address).max(256).optional().meta({ description: 'Numbers or JIDs that are mentioned.' }),
  replyTo: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be the whatsappId of a message')
    .optional()
    .meta({ description: '`whatsappId` of the message that is answered.' }),
  typingMs: z
    .number()
    .int()
    .min(0)
    .max(MAX_TYPING_MS)
    .optional()
    .meta({ description: 'How long the chat shows "typing…" (voice: "recording…") before it goes, in ms.' }),
};

export const sendMessageBody = z
  .object({ connectionId, ...messageFields, delayMs })
  .superRefine(requireFields)
  .meta({ id: 'SendMessage' });

export const MAX_WAIT_MS = 30_000;
const waitProblem = `must be a number of milliseconds from 0 to ${MAX_WAIT_MS}`;
export const sendMessageQuery = z.object({
  wait: z
    .string()
    .regex(/^\d{1,9}$/, waitProblem)
    .transform(Number)
    .refine((ms) => ms <= MAX_WAIT_MS, waitProblem)
    .default(10_000)
    .meta({
      type: 'integer',
      minimum: 0,
      maximum: MAX_WAIT_MS,
      default: 10_000,
      description: "How long to wait for WhatsApp's acknowledgement, in milliseconds; 0 answers at once.",
    }),
});

export const sendMessageHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .meta({ description: 'The same key and body again, within 7 days: the first answer again, nothing sent twice.' }),
});

export const sendMessageReply = z
  .object({
    success: z.literal(true),
    message: z.object({
      id: z
        .string()
        .nullable()
        .meta({ description: 'Id of the row in `whatsapp_mensagens`; null for reaction, edit and delete.' }),
      whatsappId: z.string(),
      connectionId: z.string(),
      to: z.string(),
      status: z.enum(['PENDENTE', 'ENVIADA']),
      atendimentoId: z.string().nullable(),
      timestamp: isoTime,
    }),
  })
  .meta({ id: 'SentMessage' });

export const messageStatusParams = z.object({
  id: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be the id of a row, or a whatsappId')
    .meta({ description: 'Of its row, or its `whatsappId`.', example: '3EB0A1B2C3D4E5F6071829' }),
});

export const messageStatusQuery = z.object({
  connectionId: connectionId.optional().meta({ description: 'Only of this connection.' }),
});

const isoOrNull = isoTime.nullable();
export const messageStatusReply = z
  .object({
    success: z.literal(true),
    message: z.object({
      id: z.string().nullable(),
      whatsappId: z.string(),
      connectionId: z.string().nullable(),
      to: z.string().meta({ description: 'The chat that it is in.' }),
      status: z
        .string()
        .meta({ description: 'As in its row: PENDENTE, ENVIADA, ENTREGUE, LIDA, REPRODUZIDA, ERRO, RECEBIDA.' }),
      state: z
        .enum(['accepted', 'sending', 'sent', 'failed'])
        .nullable()
        .meta({ description: 'Of what the API has sent within 14 days; else null.' }),
      attempts: z.number().int().nullable(),
      nextAttemptAt: isoOrNull.meta({
        description: 'Null also when it waits for its connection, or for those before it in its chat.',
      }),
      error: z.object({ code: z.string(), detail: z.string().nullable() }).nullable(),
      acceptedAt: isoOrNull,
      sentAt: isoOrNull,
      expiresAt: isoOrNull.meta({ description: 'When it is given up; null when it has ended.' }),
      receipts: z
        .record(z.string(), z.unknown())
        .nullable()
        .meta({ description: '`dados.recibos` of the row; null while it cannot be read.' }),
      databaseAway: z.boolean(),
    }),
  })
  .meta({ id: 'MessageStatus' });

export const listMessagesQuery = pageQuery.extend({
  order: z
    .enum(['asc', 'desc'])
    .default('asc')
    .meta({ description: '`asc`: the oldest first; `desc`: the newest first.' }),
});

/** The main columns; the row has all of `whatsapp_mensagens`. */
export const mensagem = z
  .looseObject({
    id: z.string(),
    atendimento_id: z.string(),
    conteudo: z.string(),
    tipo: z.enum(['TEXTO', 'IMAGEM', 'VIDEO', 'AUDIO', 'DOCUMENTO']),
    remetente: z.enum(['CLIENTE', 'ATENDENTE', 'SISTEMA']),
    timestamp: isoTime,
    lida: z.boolean(),
    status: z.enum(['RECEBIDA', 'PENDENTE', 'ENVIADA', 'ENTREGUE', 'LIDA', 'REPRODUZIDA', 'ERRO']),
    numero_proprio: z
      .string()
      .nullish()
      .meta({ description: 'Digits of the own number of the connection at that time; null = not known.' }),
  })
  .meta({ id: 'Mensagem' });
