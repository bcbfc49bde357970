import type { ConnectionResource } from '../../integration/resources.js';
import { evolutionState } from '../../lib/evolution-words.js';

/** Answer of `connectionState`, and of `connect` when there is nothing left to connect. */
export function connectionStateOf(connection: ConnectionResource) {
  return { instance: { instanceName: connection.id, state: evolutionState(connection.estado) } };
}

/** A row of `fetchInstances`. Reasons are ours: Evolution has Baileys' numbers there. */
export function instanceRow(connection: ConnectionResource) {
  return {
    id: connection.id,
    name: connection.id,
    connectionStatus: evolutionState(connection.estado),
    ownerJid: connection.numero === null ? null : `${connection.numero}@s.whatsapp.net`,
    profileName: connection.name,
    profilePicUrl: null,
    integration: 'WHATSAPP-BAILEYS',
    number: connection.numero,
    token: null,
    clientName: 'sentinela',
    disconnectionReasonCode: null,
    disconnectionObject: connection.motivo,
    disconnectionAt: connection.disconnectedAt,
  };
}
