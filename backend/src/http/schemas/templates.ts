import { z } from 'zod';
import { hasBrokenBraces } from '../../integration/templates/fill-template.js';
import { cleanText, isoTime, party, partyText } from './common.js';
import { timeZone } from './time-zone.js';

const nome = cleanText(100)
  .min(1)
  .regex(/^\S(.*\S)?$/u, 'must not begin or end with a space')
  .meta({ example: 'lembrete' });

const texto = cleanText(65_536)
  .min(1)
  .regex(/\S/, 'must not be empty')
  .refine((text) => !hasBrokenBraces(text), 'must have nothing in double braces but names such as {{nome}}')
  .meta({
    description:
      'Names in double braces are filled in when a message is written. {{data}}, {{hora}}, {{saudacao}}: by the clock.',
    example: '{{saudacao}}, {{nome}}! Sua consulta é às {{horario}}.',
  });

const value = z.union([cleanText(4096), z.number().transform(String)]);

/** A template in a message. */
export const templateUse = z
  .object({
    name: nome,
    variables: z
      .record(z.string().max(100), value, 'must be an object of texts')
      .refine((variables) => Object.keys(variables).length <= 100, 'must have at most 100 entries')
      .default({})
      .meta({ description: 'A text for each name in the template; they are put in as they are.' }),
  })
  .meta({ id: 'TemplateUse', description: 'The text (or caption) out of a template, instead of `content`.' });

export const createTemplateBody = z
  .object({ nome, texto, fuso: timeZone, ownerId: party.optional() })
  .meta({ id: 'CreateTemplate' });

export const updateTemplateBody = z
  .object({ nome: nome.optional(), texto: texto.optional(), fuso: timeZone.unwrap().optional() })
  .refine((body) => Object.values(body).some((each) => each !== undefined), 'must change something')
  .meta({ id: 'UpdateTemplate' });

const template = z
  .object({
    id: z.string(),
    owner_id: z.string(),
    owner_texto: partyText,
    nome: z.string(),
    texto: z.string(),
    fuso: z.string(),
    variaveis: z.array(z.string()).meta({ description: 'The names in the text.' }),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .meta({ id: 'Template' });

export const templateReply = z.object({ success: z.literal(true), modelo: template });
export const templatesReply = z.object({ success: z.literal(true), data: z.array(template) });
