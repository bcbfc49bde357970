import { z } from 'zod';
import { cleanText, connectionId, isoTimeOrNull } from './common.js';
import { address } from './messages.js';

export const connectionParams = z.object({ id: connectionId });

const GROUP = /^\d[\d-]{7,30}(@g\.us)?$/;

export const groupParams = connectionParams.extend({
  groupId: z
    .string()
    .regex(GROUP, 'must be the id of a group, such as 120363000000000001@g.us')
    .transform((id) => (id.endsWith('@g.us') ? id : `${id}@g.us`))
    .meta({ type: 'string', example: '120363000000000001@g.us' }),
});

export const infoQuery = z.object({
  refresh: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .meta({ type: 'boolean', description: 'Asks WhatsApp instead of the cache.' }),
});

const subject = cleanText(100).regex(/\S/, 'must not be empty');
const participants = z
  .array(address)
  .min(1)
  .max(100)
  .meta({ description: 'Numbers in any usual spelling, or `<digits>@lid`.' });

export const createBody = z.object({ subject, participants }).meta({ id: 'CreateGroup' });

export const membersBody = z
  .object({ action: z.enum(['add', 'remove', 'promote', 'demote']), participants })
  .meta({ id: 'ChangeGroupMembers' });

export const changeBody = z
  .object({
    subject: subject.optional(),
    description: cleanText(2048).optional().meta({ description: 'Empty removes it.' }),
    announce: z.boolean().optional().meta({ description: 'Only admins write.' }),
    locked: z.boolean().optional().meta({ description: 'Only admins change subject, description and settings.' }),
  })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), {
    message: 'must have at least one of subject, description, announce, locked',
  })
  .meta({ id: 'ChangeGroup' });

export const joinBody = z
  .object({
    invite: z
      .string()
      .regex(
        /^(https:\/\/chat\.whatsapp\.com\/(invite\/)?)?[\w-]{8,64}(\?.{0,200})?$/,
        'must be an invite link or its code',
      )
      .transform((text) => text.split('?')[0]!.split('/').at(-1)!)
      .meta({ type: 'string', example: 'https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv' }),
  })
  .meta({ id: 'JoinGroup' });

const summary = z
  .object({
    id: z.string(),
    subject: z.string(),
    description: z.string().nullable(),
    size: z.number().int(),
    announce: z.boolean(),
    locked: z.boolean(),
    addressing: z.enum(['pn', 'lid']).meta({ description: 'Which address its members are known by.' }),
    owner: z.string().nullable(),
    createdAt: isoTimeOrNull,
    fetchedAt: isoTimeOrNull.meta({
      description: 'When WhatsApp was asked for it; its notifications have been applied since.',
    }),
  })
  .meta({ id: 'GroupSummary' });

const group = summary
  .extend({
    participants: z.array(
      z.object({
        jid: z.string(),
        numero: z.string().nullable(),
        lid: z.string().nullable(),
        admin: z.enum(['admin', 'superadmin']).nullable(),
        nome: z.string().nullable(),
        eu: z.boolean().meta({ description: 'This number itself.' }),
      }),
    ),
  })
  .meta({ id: 'Group' });

const result = z
  .object({
    participant: z.string().meta({ description: 'As asked for.' }),
    jid: z.string().nullable(),
    ok: z.boolean(),
    status: z.string().meta({ description: "WhatsApp's: 200, 403, 404, 408, 409, …" }),
    motivo: z.string().nullable(),
    invite: z.object({ code: z.string(), expiresAt: z.string() }).nullable(),
  })
  .meta({ id: 'GroupMemberResult' });

export const listReply = z.object({ success: z.literal(true), data: z.array(summary) });
export const groupReply = z.object({ success: z.literal(true), group });
export const createReply = z.object({ success: z.literal(true), group, results: z.array(result) });
export const membersReply = z.object({ success: z.literal(true), results: z.array(result) });
export const inviteReply = z
  .object({ success: z.literal(true), code: z.string(), link: z.string() })
  .meta({ id: 'GroupInvite' });
export const joinReply = z.object({
  success: z.literal(true),
  groupId: z.string().nullable().meta({ description: 'null: its admins have to approve first.' }),
});
