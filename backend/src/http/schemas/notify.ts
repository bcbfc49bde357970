import { z } from 'zod';
import { cleanText, party } from './common.js';

/** The gateway's own: from anybody else a page would show a foreign QR code as if it were the user's. */
const OWN = ['qrcode', 'whatsapp_status', 'new_message'];
const MAX_DATA = 16_384;

export const notifyBody = z
  .strictObject({
    userId: party.optional().meta({ description: 'The user whose pages show it.' }),
    organizationId: party.optional().meta({ description: 'Instead of a user: everybody of this organisation.' }),
    type: z
      .string()
      .regex(/^[a-zA-Z][\w.-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . - and begin with a letter')
      .refine((type) => !OWN.includes(type), `must not be one that the gateway itself tells: ${OWN.join(', ')}`)
      .default('notification')
      .meta({ example: 'notification' }),
    title: cleanText(200).optional().meta({ example: 'Pedido novo' }),
    message: cleanText(4_096).optional().meta({ example: 'O pedido 1001 foi pago.' }),
    data: z
      .record(z.string().max(64), z.unknown())
      .refine((data) => JSON.stringify(data).length <= MAX_DATA, `must have at most ${MAX_DATA} characters of JSON`)
      .optional()
      .meta({ description: 'Whatever the page needs; `title` and `message` are put beside it.' }),
  })
  .refine(({ userId, organizationId }) => (userId === undefined) !== (organizationId === undefined), {
    path: ['userId'],
    message: 'must be given, or organizationId instead',
  })
  .refine(({ title, message, data }) => (title ?? message ?? data) !== undefined, {
    path: ['message'],
    message: 'must be given, or title or data',
  })
  .meta({ id: 'Notify' });

export const notifyReply = z.object({
  success: z.literal(true),
  notification: z.object({
    id: z.string().meta({ description: 'Pages see it under this id, once.' }),
    type: z.string(),
  }),
});
