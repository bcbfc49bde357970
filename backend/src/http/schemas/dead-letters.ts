import { z } from 'zod';
import { isoTime, page } from './common.js';

const KINDS = [
  ...(['stanza', 'receipt', 'notification', 'outgoing', 'outcome', 'session', 'contact', 'media', 'read'] as const),
  ...(['history', 'opened', 'scheduled', 'template', 'evolution', 'call', 'unreadable'] as const),
] as const;

const deadLetter = z
  .object({
    seq: z.number().int().meta({ description: 'Its place in the log, and its name here.' }),
    connectionId: z.string(),
    kind: z.enum(KINDS),
    whatsappId: z.string().nullable().meta({ description: 'The message that it is about.' }),
    code: z.string().meta({
      description:
        'SQLSTATE of the refusal, or a code of the gateway: `UNDECODABLE`, `DECODE_FAILED`, `TOO_SLOW`, `TOO_LARGE`, or `PROCESS_DIED` (the process ended twice while it worked on it).',
      example: '23514',
    }),
    message: z.string(),
    journaledAt: isoTime,
    parkedAt: isoTime,
  })
  .meta({ id: 'DeadLetter' });

export const deadLettersReply = page(deadLetter);

export const deadLetterParams = z.object({
  seq: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'must be the seq of a dead letter')
    .transform(Number)
    .meta({ type: 'integer', minimum: 1 }),
});
