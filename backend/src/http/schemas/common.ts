import { z } from 'zod';
import { isPartyText, partyOf } from '../../lib/party.js';

/** Text that every part can keep as it is: NUL ends a text in Postgres, half a surrogate pair has no UTF-8. */
export function cleanText(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine((text) => !/[\0\p{Surrogate}]/u.test(text), 'must not contain NUL or half of a surrogate pair');
}

export const uuid = z.guid().toLowerCase().meta({ format: 'uuid' });

/** An owner, company or user, by UUID or by the text that another system knows them by. */
export const party = z
  .string()
  .refine(isPartyText, 'must be a UUID, or another text of 1 to 200 characters')
  .transform(partyOf)
  .meta({ type: 'string', minLength: 1, maxLength: 200, example: '11111111-1111-4111-8111-111111111111' });

/** An agent, where only the id matters; `none` means nobody in filters. */
export const agentId = party
  .refine(({ text }) => text !== 'none', 'must be an agent')
  .transform(({ id }) => id)
  .meta({ type: 'string', minLength: 1, maxLength: 200 });

/** Shown beside an id that was made of a text. */
export const partyText = z
  .string()
  .nullable()
  .meta({ description: 'The text that the id was made of; null for a UUID.' });

/** No path character first, no slash at all: an id is also a name in logs, folders and URLs. */
export const connectionId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . - and begin with a letter or digit')
  .meta({ example: 'minha-conexao-1' });

export const pageQuery = z.object({
  limit: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a number from 1 to 200')
    .transform(Number)
    .refine((n) => n >= 1 && n <= 200, 'must be a number from 1 to 200')
    .default(50)
    .meta({ type: 'integer', minimum: 1, maximum: 200, default: 50 }),
  cursor: z
    .string()
    .regex(/^[\x21-\x7e]{1,512}$/, 'must be the nextCursor of the page before')
    .transform((text): string | null => text)
    .default(null)
    .meta({ type: 'string', description: '`nextCursor` of the page before.' }),
});

const time = z.iso.datetime({ offset: true });
export const isoTime = time.meta({ description: 'ISO 8601, UTC.' });
export const isoTimeOrNull = time.nullable();

export const success = z.object({ success: z.literal(true) }).meta({ id: 'Success' });

export function page(row: z.ZodType) {
  return z.object({ success: z.literal(true), data: z.array(row), nextCursor: z.string().nullable() });
}

/** A list that can be walked both ways. */
export function pageBothWays(row: z.ZodType) {
  const prevCursor = z.string().nullable().meta({
    description: 'Gives what comes before this page; at the beginning of the list, what has come since.',
  });
  return page(row).extend({ prevCursor });
}

export const errorBody = z
  .object({
    success: z.literal(false),
    error: z.object({
      code: z.string().meta({ description: 'Stable; branch on it.', example: 'BAD_REQUEST' }),
      message: z.string().meta({ description: 'For people; may change.' }),
      details: z.unknown().meta({ description: 'What to change, when that is known.' }),
    }),
  })
  .meta({ id: 'Error' });
