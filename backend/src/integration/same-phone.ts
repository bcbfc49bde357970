import type { ConnectionRecord } from '../journal/records.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { ClientEvents } from '../whatsapp/client-events.js';

type Linked = Pick<ConnectionRecord, 'connectionId' | 'ownerId' | 'name' | 'numero' | 'estado'>;

/** Other connections that the phone of this one is linked to, too. One that was logged out keeps its number, not its link. */
export function onSamePhone<R extends Linked>(record: Linked, all: readonly R[]): R[] {
  if (record.numero === null || record.estado === 'logged_out') return [];
  return all.filter(
    ({ connectionId, numero, estado }) =>
      connectionId !== record.connectionId && numero === record.numero && estado !== 'logged_out',
  );
}

/** What an owner reads about it, in Portuguese; whose the other connections are is not told to strangers. */
export function samePhoneWarnings(record: Linked, all: readonly Linked[]): string[] {
  return onSamePhone(record, all).map(({ ownerId, name, connectionId }) => {
    const other =
      ownerId === record.ownerId ? `na conexão ${name} (${connectionId})` : 'em outra conexão deste gateway';
    return `O telefone ${record.numero} também está ligado ${other}: cada mensagem chega às duas, e o robô cumprimenta por uma só. Desconecte uma delas ou use o ajuste "silenciosa".`;
  });
}

/** Warns when a phone is linked that another connection has already; once a pair and process. @returns the undo */
export function tellSamePhone(
  events: TypedEmitter<GatewayEvents>,
  clients: TypedEmitter<ClientEvents>,
  connections: () => ConnectionRecord[],
): () => void {
  const told = new Set<string>();
  return clients.on('ready', ({ connectionId, numero }) => {
    const all = connections();
    const own = all.find((record) => record.connectionId === connectionId);
    if (!own || numero === null) return;
    const record = { ...own, numero, estado: 'ready' };
    for (const other of onSamePhone(record, all)) {
      const pair = [connectionId, other.connectionId].sort().join(' ') + numero;
      if (told.has(pair)) continue;
      told.add(pair);
      const [message = ''] = samePhoneWarnings(record, [other]);
      events.emit('alert', { severity: 'warning', code: 'SAME_PHONE', message, connectionId });
    }
  });
}
