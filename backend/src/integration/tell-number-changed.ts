import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { ClientEvents } from '../whatsapp/client-events.js';

/** Warns that a connection has become another number. @returns the undo */
export function tellNumberChanged(
  events: TypedEmitter<GatewayEvents>,
  clients: Pick<TypedEmitter<ClientEvents>, 'on'>,
): () => void {
  return clients.on('numberChanged', ({ connectionId, de, para }) => {
    const message =
      `Outro número foi ligado a esta conexão: ${de} antes, ${para} agora. As conversas do número antigo não continuam no ` +
      `novo, e o que foi aceito ou agendado para sair dele não sai pelo novo. Se não foi de propósito, desconecte e leia o ` +
      `QR code com o celular de ${de}.`;
    events.emit('alert', { severity: 'warning', code: 'NUMBER_CHANGED', message, connectionId });
  });
}
