import type { ConnectionRecord } from '../journal/records.js';
import { ESTADO_TABLE, type Estado } from '../whatsapp/estado.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { ConnectionResource } from './resources.js';

/** A connection as the API shows it. @param client null when it is known but not in the pool. */
export function presentConnection(
  record: Readonly<ConnectionRecord>,
  client: WhatsAppClientService | null,
): ConnectionResource {
  const estado = record.estado as Estado;
  return {
    id: record.connectionId,
    name: record.name,
    ownerId: record.ownerId,
    companyId: record.companyId,
    driver: record.driver,
    status: ESTADO_TABLE[estado].session,
    estado,
    motivo: record.motivo,
    conselho: client?.advice ?? ADVICE[estado] ?? null,
    numero: record.numero,
    lid: record.lid,
    connectedAt: iso(record.connectedAt),
    disconnectedAt: iso(record.disconnectedAt),
    lastActivityAt: iso(record.lastActivityAt),
    warnings: [],
  };
}

/** What a person should do in a state that has no reason of its own. */
const ADVICE: Partial<Record<Estado, string>> = {
  idle: 'Peça o QR code desta conexão e leia com o celular.',
  qr_ready: 'Leia o QR code no WhatsApp do celular, em Aparelhos conectados.',
  pairing: 'Digite o código de pareamento no WhatsApp do celular, em Aparelhos conectados.',
  disconnected: 'Conexão desligada. Peça o QR code ou reconecte para usá-la de novo.',
  logged_out: 'O aparelho foi desconectado no WhatsApp. Leia o QR code novamente para parear.',
};

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
