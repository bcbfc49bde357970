import type { ConnectionRecord, EvolutionHome, ProxyRecord } from '../journal/records.js';
import { textOf } from '../lib/party.js';
import type { CreateConnectionInput } from './resources.js';

/** A connection that nobody has opened yet: on an Evolution server (`home`), or here, behind its `proxy` or straight. */
export function newRecord(
  input: CreateConnectionInput,
  ownerId: string,
  rowId: string,
  now: number,
  { home = null, proxy = null }: { home?: EvolutionHome | null; proxy?: ProxyRecord | null } = {},
): ConnectionRecord {
  return {
    ...(home && { evolution: home }),
    connectionId: input.connectionId,
    rowId,
    name: input.name ?? input.connectionId,
    ownerId,
    companyId: input.companyId ?? null,
    ...(input.texts && { texts: input.texts }),
    driver: home ? 'evolution' : 'baileys',
    wanted: 'connected',
    estado: 'idle',
    motivo: null,
    numero: null,
    lid: null,
    settings: input.settings ?? {},
    ...(proxy && { proxy }),
    createdAt: now,
    connectedAt: null,
    disconnectedAt: null,
    lastActivityAt: null,
    messageCount: 0,
  };
}

/** The columns with which its row in `whatsapp_sessions` begins. */
export function firstRow(record: ConnectionRecord): Record<string, unknown> {
  return {
    id: record.rowId,
    owner_id: record.ownerId,
    company_id: record.companyId,
    owner_texto: textOf(record.texts, record.ownerId),
    company_texto: textOf(record.texts, record.companyId),
    nome: record.name,
    driver: record.driver,
    status: 'disconnected',
    estado: record.estado,
    configuracao: record.settings,
  };
}
