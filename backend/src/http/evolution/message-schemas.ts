import { z } from 'zod';
import { cleanText } from '../schemas/common.js';
import { address } from '../schemas/messages.js';

const MAX_DELAY_MS = 20_000;
const messageId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be the id of a message');
const name = cleanText(1024).min(1);

/** How Evolution names a message. The id alone is enough for us. */
export const key = z.looseObject({ id: messageId, remoteJid: address.optional(), fromMe: z.boolean().optional() });

/** Of what is marked as read; in groups WhatsApp wants to know whose it is. */
export const readKey = key.extend({ participant: cleanText(128).nullish() });

/** Fields that every message takes beside its content. */
export const common = {
  number: address.meta({ description: 'A number, a JID or the JID of a group.', example: '5511999999999' }),
  delay: z.coerce
    .number()
    .int()
    .min(0)
    .max(MAX_DELAY_MS, `must be at most ${MAX_DELAY_MS}`)
    .optional()
    .meta({ description: 'Shows typing for so many milliseconds before it is sent.' }),
  quoted: z.looseObject({ key: z.looseObject({ id: messageId }) }).optional(),
  mentioned: z.array(address).max(256).optional(),
  mentionsEveryOne: z
    .literal(false, 'must be false: name the people in mentioned')
    .optional()
    .meta({ description: 'Not offered.' }),
};

/** An address of the web, or the file itself as base64 (also as a data URL). */
const file = z
  .string()
  .min(1)
  .meta({ description: 'http(s) address or base64.', example: 'https://example.com/foto.jpg' });

export const textBody = z
  .looseObject({ ...common, text: cleanText(65_536).min(1).regex(/\S/, 'must not be empty') })
  .meta({ id: 'EvolutionText' });

export const mediaBody = z
  .looseObject({
    ...common,
    mediatype: z.enum(['image', 'video', 'document', 'audio']),
    media: file.optional().meta({ description: 'Or a form with a file.' }),
    caption: cleanText(4096).optional(),
    fileName: cleanText(255).optional(),
  })
  .meta({ id: 'EvolutionMedia' });

export const audioBody = z.looseObject({ ...common, audio: file.optional() }).meta({ id: 'EvolutionAudio' });
export const stickerBody = z.looseObject({ ...common, sticker: file.optional() }).meta({ id: 'EvolutionSticker' });

export const locationBody = z
  .looseObject({
    ...common,
    latitude: z.coerce.number().min(-90).max(90),
    longitude: z.coerce.number().min(-180).max(180),
    name: cleanText(1024).optional(),
    address: cleanText(1024).optional(),
  })
  .meta({ id: 'EvolutionLocation' });

const contact = z.looseObject({
  fullName: name,
  wuid: cleanText(64).optional(),
  phoneNumber: cleanText(64).min(1),
  organization: cleanText(1024).optional(),
});
export const contactBody = z
  .looseObject({ ...common, contact: z.array(contact).min(1).max(50) })
  .meta({ id: 'EvolutionContact' });

export const pollBody = z
  .looseObject({
    ...common,
    name,
    selectableCount: z.coerce.number().int().min(0).max(12).default(1),
    values: z.array(cleanText(100).min(1)).min(2).max(12),
  })
  .refine(({ values }) => new Set(values).size === values.length, {
    path: ['values'],
    message: 'must differ from each other',
  })
  .refine(({ values, selectableCount }) => selectableCount <= values.length, {
    path: ['selectableCount'],
    message: 'must not exceed the number of values',
  })
  .meta({ id: 'EvolutionPoll' });

export const reactionBody = z.looseObject({ key, reaction: cleanText(32) }).meta({ id: 'EvolutionReaction' });

export const updateBody = z
  .looseObject({ number: address.optional(), key, text: cleanText(65_536).min(1) })
  .meta({ id: 'EvolutionUpdateMessage' });

export const deleteBody = z
  .looseObject({ id: messageId, remoteJid: address.optional(), fromMe: z.boolean().optional() })
  .meta({ id: 'EvolutionDeleteMessage' });
