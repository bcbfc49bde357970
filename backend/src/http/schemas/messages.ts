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
};

export const sendMessageBody = z
  .object({ connectionId, ...messageFields })
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
  })
  .meta({ id: 'Mensagem' });
