import type { ConnectionRecord } from '../journal/records.js';
import { textOf } from '../lib/party.js';
import { adviceFor } from '../whatsapp/advice.js';
import { ESTADO_TABLE, type Estado } from '../whatsapp/estado.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import { presentProxy } from './connection-proxy.js';
import { presentAccount } from './present-account.js';
import { samePhoneWarnings } from './same-phone.js';
import type { ConnectionResource } from './resources.js';

/** A connection as the API shows it. @param client null when it is known but not in the pool
 *  @param all every connection here, to tell of phones that two of them have */
export function presentConnection(
  record: Readonly<ConnectionRecord>,
  client: WhatsAppClientService | null,
  all: readonly ConnectionRecord[],
): ConnectionResource {
  const estado = record.estado as Estado;
  return {
    id: record.connectionId,
    name: record.name,
    ownerId: record.ownerId,
    ownerText: textOf(record.texts, record.ownerId),
    companyId: record.companyId,
    companyText: textOf(record.texts, record.companyId),
    driver: record.driver,
    status: ESTADO_TABLE[estado].session,
    estado,
    motivo: record.motivo,
    conselho: adviceFor(estado, record.motivo),
    numero: record.numero,
    lid: record.lid,
    connectedAt: iso(record.connectedAt),
    disconnectedAt: iso(record.disconnectedAt),
    lastActivityAt: iso(record.lastActivityAt),
    account: client && presentAccount(client),
    settings: record.settings,
    proxy: presentProxy(record.proxy),
    warnings: samePhoneWarnings(record, all),
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
