import { z } from 'zod';
import { connectionId, isoTime, pageQuery, uuid } from './common.js';
import { requireFields } from './message-content.js';
import { messageFields, sendMessageHeaders } from './messages.js';

const STATUS = ['AGENDADA', 'ACEITA', 'ENVIADA', 'FALHOU', 'CANCELADA', 'EXPIRADA'] as const;

const sendAt = z.iso
  .datetime({ offset: true, error: 'must be a time with its offset, such as 2026-12-24T09:00:00-03:00' })
  .meta({ description: 'When it is to go out: ISO 8601 with an offset.', example: '2026-12-24T09:00:00-03:00' });

export const scheduleBody = z
  .object({ connectionId, sendAt, ...messageFields })
  .superRefine(requireFields)
  .meta({ id: 'ScheduleMessage', description: 'A body of `messages/send`, and when.' });

export const scheduleHeaders = sendMessageHeaders;

/** Fields that are no message by themselves. */
const ALONE = new Set(['sendAt', 'to', 'type']);

/** Whether a change brings a new message. */
export function hasMessage(body: Record<string, unknown>): boolean {
  return Object.entries(body).some(([field, value]) => !ALONE.has(field) && value !== undefined);
}

export const changeScheduledBody = z
  .object({ sendAt: sendAt.optional(), ...messageFields })
  .superRefine((body, context) => {
    const message = 'must change something: sendAt, to, or a whole message';
    // The recipient stays when none is named.
    if (hasMessage(body)) requireFields({ ...body, to: body.to ?? '' }, context);
    else if (body.sendAt === undefined && body.to === undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ id: 'ChangeScheduled', description: 'What is absent stays; a new message replaces the old one as a whole.' });

export const scheduledParams = z.object({ id: uuid });

export const listScheduledQuery = pageQuery.extend({
  connectionId: connectionId.optional(),
  status: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(STATUS)))
    .optional()
    .meta({ type: 'string', description: `Some of ${STATUS.join(', ')}, with commas.`, example: 'AGENDADA' }),
  from: z.iso.datetime({ offset: true }).optional().meta({ description: 'Not before.' }),
  until: z.iso.datetime({ offset: true }).optional().meta({ description: 'Before.' }),
});

export const agendamento = z
  .looseObject({
    id: z.string(),
    owner_id: z.string(),
    sessao: z.string().meta({ description: 'Connection id.' }),
    para: z.string(),
    tipo: z.string(),
    conteudo: z.string().meta({ description: 'What it says, as an agent reads it.' }),
    modelo: z.string().nullable(),
    enviar_em: isoTime,
    status: z.enum(STATUS).meta({
      description:
        'AGENDADA: waits. ACEITA: is a message and goes out. ENVIADA, FALHOU, CANCELADA, EXPIRADA (too late): done.',
    }),
    erro: z.string().nullable(),
    whatsapp_id: z.string().nullable(),
    mensagem_id: z.string().nullable(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .meta({ id: 'Agendamento' });

export const scheduledReply = z.object({ success: z.literal(true), agendamento });
