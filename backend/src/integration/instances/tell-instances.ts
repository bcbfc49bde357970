import type { ConnectionRecord } from '../../journal/records.js';
import type { TypedEmitter } from '../../lib/typed-emitter.js';
import type { GatewayEvents, InstanceFact, UserNotification } from '../../notifications/gateway-events.js';
import { ESTADO_TABLE, type Estado, type InstanceStatus } from '../../whatsapp/estado.js';
import { userOfInstance } from '../../lib/instance-name.js';

export interface TellInstancesDeps {
  events: TypedEmitter<GatewayEvents>;
  /** The newest record of a connection; null when there is none. */
  recordOf: (connectionId: string) => Readonly<ConnectionRecord> | null;
}

type News = GatewayEvents['connectionHealth']['news'];

/** What a user reads when the health of their instance changes; null: nothing, the gateway is at work on it. */
const NOTIFICATIONS: Record<News, UserNotification | null> = {
  alert: {
    kind: 'unhealthy',
    title: 'WhatsApp com problemas',
    message: 'Seu WhatsApp não está respondendo. O sistema vai tentar reconectar sozinho.',
    action: null,
  },
  reconnect: null,
  stuck: {
    kind: 'reconnect_failed',
    title: 'WhatsApp desconectado',
    message: 'Não foi possível reconectar seu WhatsApp.',
    action: { label: 'Reconectar agora', method: 'POST', path: '/api/whatsapp/connect' },
  },
  recovered: {
    kind: 'reconnected',
    title: 'WhatsApp reconectado',
    message: 'Seu WhatsApp voltou a funcionar.',
    action: null,
  },
};

/** Tells users' instances by whose they are: their status, and their health in words. @returns the undo */
export function tellInstances({ events, recordOf }: TellInstancesDeps): () => void {
  const told = new Map<string, InstanceStatus>();
  const factOf = (connectionId: string): (InstanceFact & { numero: string | null }) | null => {
    const user = userOfInstance(connectionId);
    const record = user === null ? null : recordOf(connectionId);
    if (!record || record.ownerId !== user?.id) return null;
    const { ownerId: userId } = record;
    const { companyId: organizationId, numero } = record;
    return { connectionId, instanceName: connectionId, userId, organizationId, numero };
  };
  const undo = [
    events.on('connectionState', ({ connectionId, estado }) => {
      const { instance: status } = ESTADO_TABLE[estado as Estado];
      const fact = factOf(connectionId);
      // Several states of a connection are one status of an instance.
      if (!fact || told.get(connectionId) === status) return;
      told.set(connectionId, status);
      const { numero: phoneNumber, ...whose } = fact;
      events.emit('instanceStatus', { ...whose, status, isConnected: status === 'connected', phoneNumber });
    }),
    events.on('connectionHealth', ({ connectionId, news }) => {
      const notification = NOTIFICATIONS[news];
      const fact = factOf(connectionId);
      if (!fact || !notification) return;
      const { numero: _numero, ...whose } = fact;
      events.emit('userNotification', { ...whose, ...notification });
    }),
  ];
  return () => undo.forEach((off) => off());
}
