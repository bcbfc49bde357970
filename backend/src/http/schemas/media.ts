import { z } from 'zod';
import { isoTime, uuid } from './common.js';

const TTL = 'must be a number of seconds from 10 to 3600';

export const messageParams = z.object({ messageId: uuid });

export const rangeHeader = z.object({
  Range: z.string().max(200).optional().meta({ example: 'bytes=0-1023' }),
});

/** Query of a link: what the gateway itself has put there. */
export const linkQuery = z.object({
  expires: z
    .string()
    .regex(/^\d{1,12}$/, 'must be the time that the link came with')
    .transform(Number)
    .meta({ type: 'integer', description: 'Seconds since the epoch.', example: 1_767_323_345 }),
  signature: z
    .string()
    .regex(/^[\w-]{43}$/, 'must be the signature that the link came with')
    .meta({ description: 'HMAC-SHA256 in base64url.' }),
});

export const linkRequest = z.object({
  expiresIn: z
    .string()
    .regex(/^\d{1,5}$/, TTL)
    .transform(Number)
    .refine((seconds) => seconds >= 10 && seconds <= 3600, TTL)
    .default(300)
    .meta({
      type: 'integer',
      minimum: 10,
      maximum: 3600,
      default: 300,
      description: 'Seconds that the link is good for.',
    }),
});

export const linkAnswer = z.object({
  success: z.literal(true),
  link: z.object({ url: z.string(), expiresAt: isoTime }),
});

export const retryAnswer = z.object({
  success: z.literal(true),
  media: z.object({ messageId: uuid, state: z.enum(['stored', 'waiting']) }),
});
