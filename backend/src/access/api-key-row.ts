import { z } from 'zod';
import type { ApiKeyRecord } from '../journal/access-records.js';
import { GRANTS } from './identity.js';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const maybeTime = time.nullable();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A row of `whatsapp_api_keys`. What somebody wrote there by hand is checked like any other input. */
const row = z.object({
  id: z.guid(),
  owner_id: z.guid(),
  nome: z.string(),
  permissoes: z.array(z.enum(GRANTS)),
  empresas: z.array(z.guid()),
  conexoes: z.array(z.string()).nullable(),
  limite_por_minuto: z.number().int().positive().nullable(),
  hash: sha256,
  hash_anterior: sha256.nullable(),
  anterior_expira_em: maybeTime,
  expira_em: maybeTime,
  revogada_em: maybeTime,
  ultimo_uso_em: maybeTime,
  created_at: time,
});

/** The key that a row describes; null when it describes none. */
export function fromRow(columns: Record<string, unknown>): ApiKeyRecord | null {
  const result = row.safeParse(columns);
  if (!result.success) return null;
  const { data } = result;
  const former =
    data.hash_anterior === null ? [] : [{ sha256: data.hash_anterior, until: data.anterior_expira_em ?? 0 }];
  return {
    id: data.id,
    name: data.nome,
    grants: data.permissoes,
    ownerId: data.owner_id,
    companyIds: data.empresas,
    connectionIds: data.conexoes,
    ratePerMinute: data.limite_por_minuto,
    secrets: [{ sha256: data.hash, until: null }, ...former],
    createdAt: data.created_at,
    expiresAt: data.expira_em,
    revokedAt: data.revogada_em,
    lastUsedAt: data.ultimo_uso_em,
    mirrored: true,
  };
}

export function toRow(record: ApiKeyRecord): Record<string, unknown> {
  const [current, former] = record.secrets;
  return {
    id: record.id,
    owner_id: record.ownerId,
    nome: record.name,
    permissoes: record.grants,
    empresas: record.companyIds,
    conexoes: record.connectionIds,
    limite_por_minuto: record.ratePerMinute,
    hash: current?.sha256,
    hash_anterior: former?.sha256 ?? null,
    anterior_expira_em: iso(former?.until ?? null),
    expira_em: iso(record.expiresAt),
    revogada_em: iso(record.revokedAt),
    ultimo_uso_em: iso(record.lastUsedAt),
    created_at: iso(record.createdAt),
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
