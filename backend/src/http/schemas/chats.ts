import { z } from 'zod';
import { connectionId } from './common.js';
import { address } from './messages.js';

export const markReadBody = z
  .object({
    connectionId,
    messageIds: z
      .array(z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be the whatsappId of a message'))
      .min(1)
      .max(100),
  })
  .meta({ id: 'MarkRead' });

export const markReadReply = z.object({ success: z.literal(true), read: z.number().int() }).meta({ id: 'MarkedRead' });

export const presenceBody = z
  .object({
    connectionId,
    to: address,
    state: z.enum(['composing', 'recording', 'paused']).default('composing').meta({
      description: '`composing`: typing…; `recording`: a voice message; WhatsApp ends both by itself after 25 s.',
    }),
  })
  .meta({ id: 'Presence' });

export const numberReply = z
  .object({
    success: z.literal(true),
    data: z.object({
      number: z.string(),
      exists: z.boolean(),
      jid: z.string().nullable(),
      lid: z.string().nullable(),
    }),
  })
  .meta({ id: 'NumberOnWhatsApp' });
