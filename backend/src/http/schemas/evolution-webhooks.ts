import { z } from 'zod';
import { isPartyText } from '../../lib/party.js';

const tailPart = z
  .string()
  .max(256)
  .optional()
  .meta({ description: 'The webhook secret, or the event that Evolution appends with `byEvents`.' });

export const tailParams = z.object({ secret: tailPart, event: tailPart });

export const userTailParams = tailParams.extend({
  userId: z
    .string()
    .refine(isPartyText, 'must be the id of a user: a UUID, or another text of 1 to 200 characters')
    .meta({ description: 'The instance is `user_<userId>`.', maxLength: 200 }),
});

export const proofHeaders = z.object({
  authorization: z.string().max(8_192).optional().meta({ description: "Evolution's token, or the secret as Bearer." }),
  'x-webhook-secret': z.string().max(1_024).optional(),
  apikey: z.string().max(1_024).optional(),
});

const instanceName = z.string().meta({ example: 'user_123' });

export const evolutionEvent = z
  .looseObject({
    event: z
      .unknown()
      .optional()
      .meta({ type: 'string', example: 'messages.upsert', description: 'In either spelling.' }),
    instance: z
      .unknown()
      .optional()
      .meta({
        anyOf: [{ type: 'string' }, { type: 'object' }],
        description: 'A name, or an object with `instanceName`.',
      }),
    data: z.unknown().optional().meta({ description: 'As Evolution API 2.2 to 2.3.6 posts it.' }),
  })
  .meta({ id: 'EvolutionEvent' });

export const webhookReceipt = z
  .object({
    success: z.literal(true),
    event: z.string(),
    connectionId: instanceName,
    accepted: z.number().int().meta({ description: 'Items that are on the disk now.' }),
    repeated: z.number().int().meta({ description: 'Items that had come before.' }),
    ignored: z.boolean().meta({ description: 'The event changes nothing here.' }),
  })
  .meta({ id: 'EvolutionWebhookReceipt' });

export const webhookTestReply = z.object({
  success: z.literal(true),
  event: z.string().nullable(),
  instance: instanceName.nullable(),
  known: z.boolean().meta({ description: 'A connection of that instance is there and the event would be taken.' }),
});
