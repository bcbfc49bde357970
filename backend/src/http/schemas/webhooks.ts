import { z } from 'zod';
import { WEBHOOK_EVENTS } from '../../notifications/webhooks/webhook-events.js';
import { cleanText, connectionId, isoTime, isoTimeOrNull, page, pageQuery, party, partyText, uuid } from './common.js';

const TYPES = Object.keys(WEBHOOK_EVENTS).filter((type) => type !== 'test');
const FORMATS = ['sentinela', 'evolution', 'waha'] as const;
const STATES = ['pending', 'delivered', 'failed', 'discarded'] as const;

const url = z
  .string()
  .max(2048)
  .refine(
    (text) => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol),
    'must be an absolute http:// or https:// URL',
  )
  .meta({ example: 'https://example.com/hooks/whatsapp' });

const events = z
  .array(z.enum(['*', ...TYPES]))
  .min(1)
  .max(TYPES.length + 1)
  .meta({ description: `What it is told: \`*\`, or some of ${TYPES.join(', ')}.`, example: ['messageReceived'] });

/** Names that the gateway itself sets, or that would break the request. */
const RESERVED =
  /^(host|content-length|content-type|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|proxy-.*|webhook-.*|x-webhook-.*)$/i;

const headers = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'must be the name of a header')
      .refine((name) => !RESERVED.test(name), 'must not be a header that the gateway sets'),
    z.string().regex(/^[\x20-\x7e]{0,1024}$/, 'must be at most 1024 visible ASCII characters'),
  )
  .refine((all) => Object.keys(all).length <= 20, 'must have at most 20 headers')
  .meta({ description: 'Sent with every delivery. Never shown again.', example: { Authorization: 'Bearer abc' } });

const name = cleanText(120).min(1);
const secretText = z.string().regex(/^[\x21-\x7e]{8,200}$/, 'must be 8 to 200 visible ASCII characters');
const formato = z.enum(FORMATS).meta({
  description: 'Shape of the body: our own, as an Evolution API server sends it, or as a WAHA server does.',
});

/** Nothing is passed over: with `event` instead of `events` it would be told everything. */
export const createWebhookBody = z
  .strictObject({
    url,
    name: name.optional().meta({ description: 'For people; the host when left out.' }),
    ownerId: party.nullish().meta({
      description:
        'Whose connections it hears of. Left out with the root key: of everybody, and of the gateway itself.',
    }),
    companyId: party.nullish().meta({
      description:
        'Instead of an owner: the connections of this company, whoever owns them. Its people see and change the webhook.',
    }),
    connectionId: connectionId.nullish().meta({ description: 'Only this connection.' }),
    events: events.optional(),
    headers: headers.optional(),
    formato: formato.optional(),
    secret: secretText.optional().meta({
      description: '`whsec_` and 24 to 64 bytes in base64 (for waha: any text). Made when left out.',
    }),
  })
  .refine(({ ownerId, companyId }) => !ownerId || !companyId, {
    path: ['companyId'],
    message: 'must be left out when ownerId is given',
  })
  .meta({ id: 'CreateWebhook' });

export const updateWebhookBody = z
  .object({
    url: url.optional(),
    name: name.optional(),
    events: events.optional(),
    headers: headers.optional().meta({ description: 'Replaces all of them.' }),
    formato: formato.optional(),
    active: z.boolean().optional().meta({ description: 'true also clears a failure; what waits goes out at once.' }),
    secret: z
      .union([z.literal('rotate'), secretText])
      .optional()
      .meta({
        description: '`rotate` makes a new one and shows it once. The old one signs beside it for 24 h.',
      }),
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'must change at least one field')
  .meta({ id: 'UpdateWebhook' });

export const webhookParams = z.object({ id: uuid });

const webhook = z
  .object({
    id: uuid,
    name: z.string(),
    url: z.string(),
    ownerId: z.string().nullable(),
    ownerText: partyText,
    companyId: z.string().nullable(),
    companyText: partyText,
    connectionId: z.string().nullable(),
    events: z.array(z.string()),
    headers: z.record(z.string(), z.string()).meta({ description: 'Names; the values are not shown.' }),
    formato,
    active: z.boolean(),
    motivo: z.string().nullable().meta({ description: 'Why it is not active.' }),
    failingSince: isoTimeOrNull,
    pending: z.number().int().meta({ description: 'Deliveries that wait (counted up to 100000).' }),
    oldestPendingAt: isoTimeOrNull,
    createdAt: isoTime,
    updatedAt: isoTime,
  })
  .meta({ id: 'Webhook' });

export const webhookDataReply = z.object({ success: z.literal(true), data: webhook });
export const webhooksReply = page(webhook);
export const webhookSecretReply = z.object({
  success: z.literal(true),
  webhook,
  secret: z.string().nullable().meta({ description: 'Shown here and never again; null when it did not change.' }),
});

export const testReply = z.object({
  success: z.literal(true),
  delivery: z.object({
    ok: z.boolean(),
    status: z.number().int().nullable().meta({ description: 'HTTP status; null when there was no answer.' }),
    error: z.string().nullable(),
    latencyMs: z.number(),
  }),
});

export const deliveriesQuery = pageQuery.extend({
  state: z
    .enum(STATES)
    .transform((state): (typeof STATES)[number] | null => state)
    .default(null)
    .meta({ type: 'string', enum: [...STATES] }),
});

const delivery = z
  .object({
    seq: z.number().int().meta({ description: 'Its name here, and the order of the events.' }),
    eventId: z.string().meta({ description: 'The `webhook-id` header.' }),
    type: z.string(),
    connectionId: z.string().nullable(),
    state: z.enum(STATES),
    attempts: z.number().int(),
    queuedAt: isoTime,
    firstAttemptAt: isoTimeOrNull,
    lastAttemptAt: isoTimeOrNull,
    nextAttemptAt: isoTimeOrNull,
    status: z.number().int().nullable(),
    error: z.string().nullable(),
    latencyMs: z.number().nullable(),
    replays: z.number().int(),
  })
  .meta({ id: 'WebhookDelivery' });

export const deliveriesReply = page(delivery);

const time = z.iso.datetime({ offset: true, message: 'must be a time such as 2026-01-31T12:00:00Z' });

export const replayBody = z
  .object({
    deliveries: z.array(z.number().int().positive()).min(1).max(500).optional(),
    since: time.optional(),
    until: time.optional(),
    state: z.enum(['delivered', 'failed', 'discarded']).optional(),
  })
  .refine(
    (body) => body.deliveries !== undefined || body.since !== undefined || body.state !== undefined,
    'must have deliveries (seqs), since or state',
  )
  .refine(
    (body) => body.deliveries === undefined || (body.since ?? body.until ?? body.state) === undefined,
    'must have either deliveries or a time and state, not both',
  )
  .meta({ id: 'ReplayDeliveries' });

export const replayReply = z.object({
  success: z.literal(true),
  replayed: z.number().int().meta({ description: 'Events that were put back into the line.' }),
});
