import { z } from 'zod';
import { cleanText, connectionId, isoTime, isoTimeOrNull, pageQuery } from './common.js';
import { address } from './messages.js';

export const connectionParams = z.object({ id: connectionId });
export const contactParams = connectionParams.extend({
  address: address.meta({ description: 'A number in any usual spelling, `<digits>@lid`, or the id of a group.' }),
});

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const listQuery = pageQuery.extend({
  busca: cleanText(200)
    .regex(/\S/, 'must not be empty')
    .optional()
    .meta({ description: 'Text in the names, or digits of the number.' }),
  tipo: z.enum(['pessoa', 'grupo']).optional(),
  bloqueado: flag.optional().meta({ type: 'boolean' }),
});

export const pictureQuery = z.object({
  refresh: flag.default(false).meta({ type: 'boolean', description: 'Asks WhatsApp instead of the cache.' }),
});

/** The main columns; the row has all of `whatsapp_contatos`. */
export const contato = z
  .looseObject({
    id: z.string(),
    tipo: z.enum(['pessoa', 'grupo', 'eu']),
    jid: z.string(),
    numero: z.string().nullable(),
    lid: z.string().nullable(),
    nome: z.string().nullable().meta({ description: 'Of the address book; the subject of a group.' }),
    nome_perfil: z.string().nullable().meta({ description: 'What they call themselves.' }),
    nome_empresa: z.string().nullable().meta({ description: 'Verified name of a business account.' }),
    foto_url: z.string().nullable(),
    foto_em: isoTimeOrNull.meta({ description: 'When WhatsApp was asked for the picture.' }),
    bloqueado: z.boolean(),
  })
  .meta({ id: 'Contato' });

const addresses = z
  .object({ numero: z.string().nullable(), pn: z.string().nullable(), lid: z.string().nullable() })
  .meta({ id: 'Addresses' });

export const contactReply = z.object({ success: z.literal(true), contato });
export const pictureReply = z
  .object({
    success: z.literal(true),
    url: z.string().nullable().meta({ description: 'null: there is none that this number may see.' }),
    fetchedAt: isoTime,
    ageS: z.number().int(),
  })
  .meta({ id: 'ProfilePicture' });
export const addressReply = z.object({ success: z.literal(true), data: addresses });
export const blocklistReply = z.object({ success: z.literal(true), data: z.array(addresses) });
