import { z } from 'zod';
import { cleanText, connectionId, isoTime, isoTimeOrNull, pageQuery, agentId, uuid } from './common.js';
import { mensagem } from './messages.js';
import { timeZone } from './time-zone.js';

export const STATUSES = ['AGUARDANDO', 'EM_ATENDIMENTO', 'FINALIZADO', 'CANCELADO'] as const;
type Status = (typeof STATUSES)[number];
const statusProblem = `must be some of ${STATUSES.join(', ')}, separated by commas`;

/** The main columns; the row has all of `whatsapp_atendimentos`. */
export const atendimento = z
  .looseObject({
    id: z.string(),
    numero_cliente: z.string(),
    nome_cliente: z.string().nullable(),
    numero_proprio: z
      .string()
      .nullish()
      .meta({ description: 'Digits of the own number that the customer writes to; null = not known.' }),
    status: z.enum(STATUSES),
    data_inicio: isoTime,
    ultima_mensagem: isoTime.nullable(),
    canal: z.string(),
  })
  .meta({ id: 'Atendimento' });

export const atendimentoParams = z.object({ id: uuid });

const moment = z.iso.datetime({
  offset: true,
  error: 'must be an ISO 8601 time with a zone, such as 2026-01-31T00:00:00-03:00',
});
const agentOrNone = z.union([z.literal('none'), agentId]);

export const listQuery = pageQuery.extend({
  status: z
    .string()
    .max(100)
    .transform((text) => text.split(',') as Status[])
    .refine((list) => list.every((one) => STATUSES.includes(one)), statusProblem)
    .optional()
    .meta({ type: 'string', description: 'One or more, separated by commas.', example: 'AGUARDANDO,EM_ATENDIMENTO' }),
  atendenteId: agentOrNone.optional().meta({ description: "An agent's UUID, or `none` for those without one." }),
  connectionId: connectionId.optional(),
  busca: cleanText(200)
    .regex(/\S/, 'must not be empty')
    .optional()
    .meta({ description: 'Text in the name, the number or the notes.' }),
  de: moment.optional().meta({ description: 'Last message at or after this time.' }),
  ate: moment.optional().meta({ description: 'Last message before this time.' }),
  naoLidas: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ type: 'boolean', description: 'Only those with unread messages.' }),
});

export const unreadQuery = z.object({ atendenteId: agentId.optional(), connectionId: connectionId.optional() });

export const unreadReply = z
  .object({
    success: z.literal(true),
    atendimentos: z.number().int().meta({ description: 'How many are open.' }),
    naoLidas: z.number().int().meta({ description: 'Unread messages in them.' }),
    grupos: z.array(
      z.object({
        connectionId: z.string(),
        status: z.string(),
        atendenteId: z.string().nullable(),
        atendimentos: z.number().int(),
        naoLidas: z.number().int(),
      }),
    ),
  })
  .meta({ id: 'UnreadCounts' });

export const atendimentoReply = z.object({ success: z.literal(true), atendimento });

export const actionReply = z
  .object({
    success: z.literal(true),
    atendimento,
    changed: z.boolean().meta({ description: 'False when it was so already.' }),
    eventoId: z.string().nullable().meta({ description: 'Its row in `whatsapp_atendimento_eventos`.' }),
  })
  .meta({ id: 'AtendimentoAction' });

const autorId = agentId.optional().meta({ description: 'The agent who does it, for the history.' });
const texto = cleanText(4000).regex(/\S/, 'must not be empty');
const tag = cleanText(100).regex(/^\S(.*\S)?$/s, 'must not be empty nor begin or end with a space');
const tags = z.array(tag).max(50).default([]);

export const bodies = {
  assign: z.object({ autorId, atendenteId: agentId }).meta({ id: 'AssignAtendimento' }),
  start: z.object({ autorId, atendenteId: agentId.optional() }).meta({ id: 'StartAtendimento' }),
  finish: z.object({ autorId, texto: texto.optional() }).meta({ id: 'FinishAtendimento' }),
  cancel: z.object({ autorId, texto: texto.optional() }).meta({ id: 'CancelAtendimento' }),
  transfer: z
    .object({
      autorId,
      atendenteId: agentId.nullable().meta({ description: 'Null: nobody has it any more.' }),
      texto: texto.optional(),
    })
    .meta({ id: 'TransferAtendimento' }),
  priority: z
    .object({
      autorId,
      prioridade: z
        .int('must be a whole number')
        .min(-1000, 'must be -1000 to 1000')
        .max(1000, 'must be -1000 to 1000'),
    })
    .meta({ id: 'PrioritizeAtendimento' }),
  tags: z.object({ autorId, adicionar: tags, remover: tags }).meta({ id: 'TagAtendimento' }),
  note: z.object({ autorId, texto }).meta({ id: 'AtendimentoNote' }),
};

export const evento = z
  .looseObject({
    id: z.string(),
    atendimento_id: z.string(),
    tipo: z.string(),
    autor_id: z.string().nullable(),
    origem: z.string(),
    texto: z.string().nullable(),
    created_at: isoTimeOrNull,
  })
  .meta({ id: 'AtendimentoEvento' });

export const exportReply = z.object({
  success: z.literal(true),
  atendimento,
  mensagens: z.array(mensagem),
});

export const exportQuery = z.object({
  format: z.enum(['json', 'csv', 'txt']).default('json'),
  fuso: timeZone.meta({ description: 'Time zone of the TXT.' }),
});
