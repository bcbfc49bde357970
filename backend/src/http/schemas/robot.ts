import { z } from 'zod';
import { ROBOT_NAMES, unknownVariables } from '../../integration/templates/fill-template.js';
import { cleanText } from './common.js';
import { timeZone } from './time-zone.js';

const VARIABLES = ROBOT_NAMES.map((name) => `{{${name}}}`).join(', ');

const texto = cleanText(4000)
  .refine((text) => unknownVariables(text).length === 0, `must name no variables but ${VARIABLES}`)
  .nullable()
  .default(null)
  .meta({ description: `Null: not said. Variables: ${VARIABLES}.` });

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 08:30');
const intervals = z
  .array(z.tuple([clock, clock]))
  .max(6)
  .optional();

const horario = z
  .object({
    dias: z.strictObject(
      {
        dom: intervals,
        seg: intervals,
        ter: intervals,
        qua: intervals,
        qui: intervals,
        sex: intervals,
        sab: intervals,
      },
      {
        error: ({ code }) =>
          `must be ${code === 'unrecognized_keys' ? 'one' : 'an object'} of dom, seg, ter, qua, qui, sex, sab`,
      },
    ),
    feriados: z
      .array(z.string().regex(/^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'must be YYYY-MM-DD or MM-DD'))
      .max(400)
      .default([]),
  })
  .nullable()
  .default(null)
  .meta({
    description:
      'Open intervals by weekday, local time; one that ends before it begins ends the next day. Null: always open.',
    example: {
      dias: {
        seg: [
          ['08:00', '12:00'],
          ['13:00', '18:00'],
        ],
      },
      feriados: ['12-25', '2026-11-20'],
    },
  });

export const robotBody = z
  .object({
    autoResposta: z.boolean().meta({ description: 'Whether the robot says anything at all.' }),
    todas: z
      .boolean()
      .default(false)
      .meta({ description: 'For all connections of the same owner without settings of their own.' }),
    boasVindas: texto,
    ausencia: texto,
    encerramento: texto,
    horario,
    fuso: timeZone,
  })
  .meta({ id: 'RobotSettings' });

export const robotReply = z.object({
  success: z.literal(true),
  configuracao: z
    .looseObject({ auto_resposta: z.boolean(), fuso: z.string() })
    .nullable()
    .meta({ description: 'Row of `whatsapp_configuracoes`; null: nobody has set anything.' }),
});
