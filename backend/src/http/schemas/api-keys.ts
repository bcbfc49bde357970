import { z } from 'zod';
import { GRANTS } from '../../access/identity.js';
import { cleanText, connectionId, isoTime, isoTimeOrNull, party, partyText, uuid } from './common.js';

const grants = z.array(z.enum(GRANTS)).min(1).max(GRANTS.length);
const MAX_GRACE_HOURS = 30 * 24;

/** Nothing is passed over: a `connectionId` that was meant as `connectionIds` would make a key for all connections. */
export const createApiKeyBody = z
  .strictObject({
    name: cleanText(100).min(1).meta({ example: 'CRM' }),
    grants: grants.meta({ description: '`read` sees, `send` writes messages, `manage` creates, links and removes.' }),
    ownerId: party.optional().meta({ description: 'Whose rows and connections; default: DEFAULT_OWNER_ID.' }),
    companyIds: z.array(party).max(100).optional(),
    connectionIds: z.array(connectionId).min(1).max(1000).optional().meta({ description: 'Only these; default: all.' }),
    ratePerMinute: z.number().int().min(1).max(1_000_000).optional(),
    expiresAt: isoTime.optional(),
  })
  .meta({ id: 'CreateApiKey' });

export const rotateApiKeyBody = z
  .object({
    graceHours: z.number().min(0).max(MAX_GRACE_HOURS).default(24).meta({
      description: 'How long the former text works, too; 0 = no longer.',
    }),
  })
  .meta({ id: 'RotateApiKey' });

export const apiKeyParams = z.object({ id: uuid });

const apiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    grants: z.array(z.string()),
    ownerId: z.string(),
    ownerText: partyText,
    companyIds: z.array(z.string()),
    companyTexts: z.array(partyText).meta({ description: 'In the order of `companyIds`.' }),
    connectionIds: z.array(z.string()).nullable(),
    ratePerMinute: z.number().int().nullable(),
    state: z.enum(['active', 'expired', 'revoked']),
    createdAt: isoTime,
    expiresAt: isoTimeOrNull,
    revokedAt: isoTimeOrNull,
    lastUsedAt: isoTimeOrNull,
    previousUntil: isoTimeOrNull.meta({ description: 'Until then the text before the last rotation works, too.' }),
  })
  .meta({ id: 'ApiKey' });

export const apiKeyReply = z.object({ success: z.literal(true), apiKey });
export const issuedApiKeyReply = z.object({
  success: z.literal(true),
  key: z.string().meta({ description: 'The key itself. It is shown this once.' }),
  apiKey,
});
export const apiKeysReply = z.object({ success: z.literal(true), data: z.array(apiKey), nextCursor: z.null() });
