import { z } from 'zod';
import { connectionId, isoTime, page, pageQuery } from './common.js';

export const auditQuery = pageQuery.extend({
  caller: z
    .string()
    .regex(/^[\w:-]{1,64}$/, 'must be root, anonymous, key:<id> or user:<id>')
    .optional(),
  connectionId: connectionId.optional(),
});

const record = z
  .looseObject({
    id: z.string(),
    em: isoTime,
    quem: z.string().meta({ description: '`root`, `anonymous`, `key:<id>` or `user:<id>`.' }),
    owner_id: z.string().nullable(),
    operacao: z.string().meta({ description: 'The operationId of the route.' }),
    sessao: z.string().nullable().meta({ description: 'The connection.' }),
    alvo: z.record(z.string(), z.unknown()).meta({ description: 'What the path named.' }),
    status: z.number().int(),
    erro: z.string().nullable(),
    request_id: z.string().nullable(),
    endereco: z.string().nullable(),
  })
  .meta({ id: 'AuditRecord' });

export const auditReply = page(record);
