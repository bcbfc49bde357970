import type { ConnectionRecord } from '../../journal/records.js';
import { textOf } from '../../lib/party.js';
import { adviceFor } from '../../whatsapp/advice.js';
import { ESTADO_TABLE, type Estado, type InstanceStatus } from '../../whatsapp/estado.js';

/** What the health monitor has found at its last check. */
export interface InstanceHealth {
  /** healthy, unhealthy, disconnected, error. */
  status: string;
  consecutiveFailures: number;
  /** How long it has been healthy without a break; 0 when it is not. */
  uptimeMs: number;
  /** ISO 8601. */
  lastCheckAt: string | null;
  problems: string[];
}

/** A user's instance. Times are ISO 8601 in UTC. */
export interface InstanceResource {
  /** Of the rows in `whatsapp_instances` and `whatsapp_sessions`. */
  id: string;
  /** Also the id of its connection. */
  instanceName: string;
  userId: string;
  /** The text that the id was made of; null for a UUID. */
  userText: string | null;
  organizationId: string | null;
  organizationText: string | null;
  status: InstanceStatus;
  isConnected: boolean;
  /** Digits with country code. */
  phoneNumber: string | null;
  motivo: string | null;
  /** What the user should do now, in Portuguese; null when nothing. */
  conselho: string | null;
  createdAt: string;
  connectedAt: string | null;
  /** null while the watchdog does not know it. */
  health: InstanceHealth | null;
}

/** An instance as the API shows it: the registry's words, so it needs no database. */
export function presentInstance(record: Readonly<ConnectionRecord>, health: InstanceHealth | null): InstanceResource {
  const estado = record.estado as Estado;
  return {
    id: record.rowId,
    instanceName: record.connectionId,
    userId: record.ownerId,
    userText: textOf(record.texts, record.ownerId),
    organizationId: record.companyId,
    organizationText: textOf(record.texts, record.companyId),
    status: ESTADO_TABLE[estado].instance,
    isConnected: estado === 'ready',
    phoneNumber: record.numero,
    motivo: record.motivo,
    conselho: adviceFor(estado, record.motivo),
    createdAt: new Date(record.createdAt).toISOString(),
    connectedAt: record.connectedAt === null ? null : new Date(record.connectedAt).toISOString(),
    health,
  };
}
