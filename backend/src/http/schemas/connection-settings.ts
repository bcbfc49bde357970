import { z } from 'zod';
import type { ConnectionSettings } from '../../integration/connection-settings.js';
import { proxyInput } from './connection-proxy.js';
import { cleanText } from './common.js';

const off = (description: string) => z.boolean().meta({ description: `${description} Default false.` });
const on = (description: string) => z.boolean().meta({ description: `${description} Default true.` });

/** Every setting of a connection; one that is not here is refused by name. */
const fields = {
  ignorarGrupos: off('Whether groups are left out of the rows.'),
  ignorarStatus: on('Whether status broadcasts are left out of the rows.'),
  ignorarCanais: on('Whether channels are left out of the rows.'),
  sincronizarHistorico: off('Whether old chats that the phone hands over when it is linked become rows.'),
  registrarChamadas: off('Whether a missed call becomes a row (`subtipo` `CHAMADA_PERDIDA`), and so an atendimento.'),
  rejeitarChamadas: off('Whether calls are rejected as they ring. Only for `driver` baileys.'),
  textoChamadaRejeitada: cleanText(1000)
    .min(1)
    .meta({ description: 'Written to whoever was rejected, once an hour at most; not in groups. Default: nothing.' }),
  silenciosa: off('Whether the robot says nothing here, such as for the second connection of one phone.'),
  aoTrocarNumero: z.enum(['fechar', 'separar']).meta({
    description:
      'When another number is paired: `fechar` closes the open atendimentos of the old one (`CANCELADO`), `separar` leaves them open, apart. Default fechar.',
  }),
} satisfies Record<keyof ConnectionSettings, z.ZodType>;

export const connectionSettings = z.strictObject(fields).partial().meta({ id: 'ConnectionSettings' });

export const changeConnectionBody = z
  .strictObject({
    settings: z
      .strictObject({ ...nullable(fields) })
      .partial()
      .optional()
      .meta({ description: 'What is not named stays; null takes the default again.' }),
    proxy: proxyInput.optional(),
  })
  .refine(({ settings, proxy }) => settings !== undefined || proxy !== undefined, 'must have settings or proxy')
  .meta({ id: 'ChangeConnection' });

function nullable<T extends Record<string, z.ZodType>>(shape: T): { [K in keyof T]: z.ZodNullable<T[K]> } {
  return Object.fromEntries(Object.entries(shape).map(([name, type]) => [name, type.nullable()])) as never;
}
