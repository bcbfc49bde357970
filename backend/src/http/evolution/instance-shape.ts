import type { ConnectionResource } from '../../integration/resources.js';

const CONNECTING = new Set(['initializing', 'pairing', 'qr_ready', 'authenticated', 'reconnecting']);

/** Evolution knows three states of an instance. */
export function stateOf({ estado }: Pick<ConnectionResource, 'estado'>): 'open' | 'connecting' | 'close' {
  return estado === 'ready' ? 'open' : CONNECTING.has(estado) ? 'connecting' : 'close';
}

/** Answer of `connectionState`, and of `connect` when there is nothing left to connect. */
export function connectionStateOf(connection: ConnectionResource) {
  return { instance: { instanceName: connection.id, state: stateOf(connection) } };
}

/** A row of `fetchInstances`. Reasons are ours: Evolution has Baileys' numbers there. */
export function instanceRow(connection: ConnectionResource) {
  return {
    id: connection.id,
    name: connection.id,
    connectionStatus: stateOf(connection),
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
