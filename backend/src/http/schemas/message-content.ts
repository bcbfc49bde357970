import { z } from 'zod';
import type { MediaSourceInput, MessageInput, StagedUpload } from '../../integration/resources.js';
import { GatewayError } from '../../lib/errors.js';
import { cleanText } from './common.js';

const MEDIA_TYPES = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const;
export const MESSAGE_TYPES = [
  'text',
  ...MEDIA_TYPES,
  'location',
  'contact',
  'poll',
  'reaction',
  'edit',
  'delete',
  'forward',
] as const;
type MediaType = (typeof MEDIA_TYPES)[number];
type MessageType = (typeof MESSAGE_TYPES)[number];
/** What is about no other message, so any number can send it. */
export const FREE_TYPES = ['text', ...MEDIA_TYPES, 'location', 'contact', 'poll'] as const satisfies MessageType[];

const name = cleanText(1024).min(1);

/** One emoji, also a newer one than Unicode's list here, or none; phones show nothing of any other reaction. */
const EMOJI = new RegExp('^(?:\\p{RGI_Emoji}|\\p{Extended_Pictographic}\\uFE0F?)?$', 'v');

/** Beside `content`, what the types other than text need. */
export const contentFields = {
  messageId: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be the whatsappId of a message')
    .optional()
    .meta({ description: 'Of reaction, edit, delete and forward: the `whatsappId` of the message meant.' }),
  emoji: cleanText(32)
    .refine((text) => EMOJI.test(text), 'must be one emoji, or empty')
    .optional()
    .meta({ description: 'Of a reaction; empty takes the reaction back.', example: '👍' }),
  mediaUrl: z
    .string()
    .max(4096)
    .regex(/^https?:\/\//, 'must be an http or https address')
    .refine((text) => URL.canParse(text), 'must be an http or https address')
    .optional()
    .meta({ description: 'The file, fetched from there within 60 s. Or `mediaBase64`, or a form with a file.' }),
  mediaBase64: z.string().min(1).optional().meta({ description: 'The file, up to 16 MB of it.' }),
  caption: cleanText(4096).optional().meta({ description: 'Of image, video and document.' }),
  fileName: cleanText(255).min(1).optional(),
  viewOnce: z.boolean().optional().meta({ description: 'Of image, video and voice: it can be seen once.' }),
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
    .refine(({ options }) => new Set(options).size === options.length, {
      path: ['options'],
      message: 'must differ from each other',
    })
    .refine(({ options, selectable }) => selectable <= options.length, {
      path: ['selectable'],
      message: 'must not exceed the number of options',
    })
    .optional(),
};

/** Where `template` puts its text. */
const TEMPLATED: ReadonlySet<MessageType> = new Set(['text', 'edit', 'image', 'video', 'document']);

type Field = 'to' | 'content' | 'template' | 'replyTo' | 'mentions' | 'typingMs' | keyof typeof contentFields;

/** Types whose message is a new one, and not the change of another. */
const NEW: readonly MessageType[] = [...FREE_TYPES, 'forward'];

/** Fields that only these types have: left out in silence, what was meant to vanish would stay, and a text be lost. */
const ONLY_WITH: Partial<Record<Field, readonly MessageType[]>> = {
  content: ['text', 'edit'],
  caption: ['image', 'video', 'document'],
  viewOnce: ['image', 'video', 'voice'],
  messageId: ['reaction', 'edit', 'delete', 'forward'],
  emoji: ['reaction'],
  mediaUrl: MEDIA_TYPES,
  mediaBase64: MEDIA_TYPES,
  fileName: MEDIA_TYPES,
  location: ['location'],
  contacts: ['contact'],
  poll: ['poll'],
  replyTo: NEW,
  mentions: [...NEW, 'edit'],
  typingMs: NEW,
};

/** What each type cannot do without. */
const REQUIRED: Record<MessageType, Field[]> = {
  text: ['to', 'content'],
  image: ['to'],
  video: ['to'],
  audio: ['to'],
  voice: ['to'],
  document: ['to'],
  sticker: ['to'],
  location: ['to', 'location'],
  contact: ['to', 'contacts'],
  poll: ['to', 'poll'],
  reaction: ['messageId', 'emoji'],
  edit: ['messageId', 'content'],
  delete: ['messageId'],
  forward: ['to', 'messageId'],
};

type Body = { type: MessageType } & Partial<Record<Field, unknown>>;

/** One sentence for each field that the type needs and the body has not. A template stands for the text. */
export function requireFields(body: Body, context: z.RefinementCtx): void {
  const problem = (field: Field, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  if (body.template !== undefined) {
    if (!TEMPLATED.has(body.type)) problem('template', `must be absent for type ${body.type}: it has no text`);
    for (const field of ['content', 'caption'] as const) {
      if (body[field] !== undefined) problem(field, 'must be absent: the template is the text');
    }
  }
  for (const [field, types] of Object.entries(ONLY_WITH) as [Field, readonly MessageType[]][]) {
    const isMeant = body[field] !== undefined && body[field] !== false && body[field] !== '';
    if (isMeant && !types.includes(body.type)) problem(field, absentFor(field, body.type));
  }
  for (const field of REQUIRED[body.type]) {
    if (body[field] !== undefined || (field === 'content' && body.template !== undefined)) continue;
    problem(field, `is missing: type ${body.type} needs it`);
  }
}

function absentFor(field: Field, type: MessageType): string {
  const hasCaption = field === 'content' && ONLY_WITH.caption?.includes(type) === true;
  return `must be absent for type ${type}${hasCaption ? ', did you mean `caption`?' : ''}`;
}

type Fields = { [K in keyof typeof contentFields]: z.output<(typeof contentFields)[K]> };
type Checked = Required<{ [K in keyof Fields]: NonNullable<Fields[K]> }> & { content?: string };

const INPUTS: Record<Exclude<MessageType, MediaType>, (body: Checked) => MessageInput> = {
  // Without a text there is a template, which becomes it.
  text: ({ content = '' }) => ({ type: 'text', text: content }),
  location: ({ location }) => ({ type: 'location', ...location }),
  contact: ({ contacts }) => ({ type: 'contact', contacts }),
  poll: ({ poll }) => ({ type: 'poll', ...poll }),
  reaction: ({ messageId, emoji }) => ({ type: 'reaction', messageId, emoji }),
  edit: ({ messageId, content = '' }) => ({ type: 'edit', messageId, text: content }),
  delete: ({ messageId }) => ({ type: 'delete', messageId }),
  forward: ({ messageId }) => ({ type: 'forward', messageId }),
};

/**
 * The message out of a checked body; fields of other types are left out.
 * @param upload the file of a form
 * @throws GatewayError `BAD_REQUEST` when a file is needed and none, or more than one, is given
 */
export function messageInput(body: Body, upload?: StagedUpload): MessageInput {
  if (!isMedia(body.type)) return INPUTS[body.type](body as unknown as Checked);
  const { caption, fileName, viewOnce } = body as Partial<Checked>;
  return { type: body.type, source: sourceOf(body as Partial<Checked>, upload), caption, fileName, viewOnce };
}

function isMedia(type: MessageType): type is MediaType {
  return (MEDIA_TYPES as readonly string[]).includes(type);
}

function sourceOf({ mediaUrl, mediaBase64 }: Partial<Checked>, upload: StagedUpload | undefined): MediaSourceInput {
  const given: MediaSourceInput[] = [
    ...(upload ? [{ kind: 'upload' as const, staged: upload }] : []),
    ...(mediaUrl === undefined ? [] : [{ kind: 'url' as const, url: mediaUrl }]),
    ...(mediaBase64 === undefined ? [] : [{ kind: 'base64' as const, data: mediaBase64 }]),
  ];
  const [only] = given;
  if (given.length === 1 && only) return only;
  const problem = 'exactly one of mediaUrl, mediaBase64 or a file in a form is needed';
  throw new GatewayError('BAD_REQUEST', `body.mediaUrl: ${problem}`, {
    details: [{ field: 'body.mediaUrl', problem }],
  });
}
