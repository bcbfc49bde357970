import { z } from 'zod';
import type { InstanceResource } from '../../integration/instances/instance-resource.js';
import { isoTime, isoTimeOrNull, party, partyText } from './common.js';

/** An object, so that the compiler misses a status that is not here. */
const STATUSES = {
  ...{ disconnected: 0, connecting: 0, waiting_qr: 0, connected: 0, error: 0 },
} satisfies Record<InstanceResource['status'], 0>;

export const connectBody = z
  .object({
    userId: party.optional().meta({ description: 'Left out: the caller. The root key must name it.' }),
    organizationId: party.nullable().optional().meta({ description: 'Of a new instance; who is in it sees it, too.' }),
  })
  .meta({ id: 'ConnectInstance' });

export const instanceQuery = z.object({ userId: party.optional() });

export const instance = z
  .object({
    id: z.string().meta({ description: 'Of its rows in `whatsapp_instances` and `whatsapp_sessions`.' }),
    instanceName: z.string().meta({ description: '`user_<userId>`, also the id of its connection.' }),
    userId: z.string(),
    userText: partyText,
    organizationId: z.string().nullable(),
    organizationText: partyText,
    status: z.enum(Object.keys(STATUSES)),
    isConnected: z.boolean(),
    phoneNumber: z.string().nullable(),
    motivo: z.string().nullable().meta({ description: 'Why it is in this state.' }),
    conselho: z.string().nullable().meta({ description: 'What the user should do now.' }),
    createdAt: isoTime,
    connectedAt: isoTimeOrNull,
    health: z
      .object({
        status: z.string().meta({ description: 'healthy, unhealthy, disconnected, error.' }),
        consecutiveFailures: z.number().int(),
        uptimeMs: z.number().meta({ description: 'Healthy without a break.' }),
        lastCheckAt: isoTimeOrNull,
        problems: z.array(z.string()),
      })
      .nullable(),
  })
  .meta({ id: 'Instance' });

export const instanceReply = z.object({ success: z.literal(true), instance });

const orNull = z.string().nullable();
export const connectReply = instanceReply.extend({
  qrCode: orNull.meta({ description: 'PNG as data URL; null when no scan is needed, or none can be shown yet.' }),
  code: orNull.meta({ description: 'The text that a phone scans.' }),
  expiresAt: isoTimeOrNull,
});
