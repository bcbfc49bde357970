import { z } from 'zod';
import type { MessageInput } from '../../integration/resources.js';
import { cleanText } from './common.js';

export const MESSAGE_TYPES = ['text', 'location', 'contact', 'poll', 'reaction', 'edit', 'delete', 'forward'] as const;
type MessageType = (typeof MESSAGE_TYPES)[number];

const name = cleanText(1024).min(1);

/** Beside `content`, what the types other than text need. */
export const contentFields = {
  messageId: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be the whatsappId of a message')
    .optional()
    .meta({ description: 'Of reaction, edit, delete and forward: the `whatsappId` of the message meant.' }),
  emoji: cleanText(32).optional().meta({ description: 'Of a reaction; empty takes the reaction back.', example: '👍' }),
  location: z
    .object({
      latitude: z.number().min(-90).max(90),
      longitude: z.number().min(-180).max(180),
      name: name.optional(),
      address: name.optional(),
    })
    .optional(),
  contacts: z
    .array(z.object({ name, numbers: z.array(cleanText(64).min(1)).min(1).max(10), organization: name.optional() }))
    .min(1)
    .max(50)
    .optional(),
  poll: z
    .object({
      question: name,
      options: z.array(cleanText(100).min(1)).min(2).max(12),
      selectable: z.number().int().min(0).max(12).default(1).meta({ description: 'How many may be chosen; 0 = any.' }),
    })
    .refine(({ options }) => new Set(options).size === options.length, 'options must differ')
    .refine(({ options, selectable }) => selectable <= options.length, 'selectable must not exceed the options')
    .optional(),
};

type Field = 'to' | 'content' | keyof typeof contentFields;

/** What each type cannot do without. */
const REQUIRED: Record<MessageType, Field[]> = {
  text: ['to', 'content'],
  location: ['to', 'location'],
  contact: ['to', 'contacts'],
  poll: ['to', 'poll'],
  reaction: ['messageId', 'emoji'],
  edit: ['messageId', 'content'],
  delete: ['messageId'],
  forward: ['to', 'messageId'],
};

type Body = { type: MessageType } & Partial<Record<Field, unknown>>;

/** One sentence for each field that the type needs and the body has not. */
export function requireFields(body: Body, context: z.RefinementCtx): void {
  for (const field of REQUIRED[body.type]) {
    if (body[field] !== undefined) continue;
    context.addIssue({ code: 'custom', path: [field], message: `is required for type ${body.type}` });
  }
}

type Fields = { [K in keyof typeof contentFields]: z.output<(typeof contentFields)[K]> };
type Checked = Required<{ [K in keyof Fields]: NonNullable<Fields[K]> }> & { content: string };

const INPUTS: Record<MessageType, (body: Checked) => MessageInput> = {
  text: ({ content }) => ({ type: 'text', text: content }),
  location: ({ location }) => ({ type: 'location', ...location }),
  contact: ({ contacts }) => ({ type: 'contact', contacts }),
  poll: ({ poll }) => ({ type: 'poll', ...poll }),
  reaction: ({ messageId, emoji }) => ({ type: 'reaction', messageId, emoji }),
  edit: ({ messageId, content }) => ({ type: 'edit', messageId, text: content }),
  delete: ({ messageId }) => ({ type: 'delete', messageId }),
  forward: ({ messageId }) => ({ type: 'forward', messageId }),
};

/** The message out of a checked body; fields of other types are left out. */
export function messageInput(body: Body): MessageInput {
  return INPUTS[body.type](body as unknown as Checked);
}
