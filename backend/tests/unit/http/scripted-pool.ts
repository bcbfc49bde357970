import type { ClientsPort, InstancesPort, NotifyPort } from '../../../src/http/pool-ports.js';
import type { ClientResource } from '../../../src/integration/client-resources.js';
import type { InstanceCall } from '../../../src/integration/instances/may-connect.js';
import type { InstanceResource } from '../../../src/integration/instances/instance-resource.js';

const NOW = '2026-01-02T03:04:05.000Z';

export function aClient(changes: Partial<ClientResource> = {}): ClientResource {
  return {
    ...{ clientId: 'c1', status: 'ready', phoneNumber: '5511999999999', qrCode: null, isReady: true },
    metadata: { createdAt: NOW, lastQRAt: null, connectedAt: NOW, messageCount: 3 },
    ...changes,
  };
}

/** A pool with one client, as the routes see it. */
export function scriptedClients(): ClientsPort {
  const one = async (id: string) => aClient({ clientId: id });
  return {
    readyIds: () => ['c1'],
    list: async (_scope, showQr) => [aClient({ qrCode: showQr ? 'data:image/png;base64,AA==' : null })],
    stats: () => ({
      ...{ totalCreated: 2, totalConnected: 3, totalDisconnected: 2, totalMessages: 9 },
      ...{ currentClients: 1, maxClients: 10, readyClients: 1, clientsByStatus: { ready: 1 } },
    }),
    create: async ({ clientId }) => ({ created: true, client: aClient({ clientId: clientId ?? 'client_1' }) }),
    ...{ disconnect: one, reconnect: one, logout: one },
    remove: async () => undefined,
    restore: async () => ({ restored: 1, total: 2, message: '1/2 sessões restauradas' }),
  };
}

export function anInstance(userId: string, changes: Partial<InstanceResource> = {}): InstanceResource {
  return {
    ...{
      id: userId,
      instanceName: `user_${userId}`,
      userId,
      userText: null,
      organizationId: null,
      organizationText: null,
      status: 'waiting_qr',
    },
    ...{ isConnected: false, phoneNumber: null, motivo: null, conselho: null, createdAt: NOW, connectedAt: null },
    health: { status: 'healthy', consecutiveFailures: 0, uptimeMs: 5, lastCheckAt: NOW, problems: [] },
    ...changes,
  };
}

function whose(call: InstanceCall | string): [string, Partial<InstanceResource>] {
  if (typeof call === 'string') return [call, {}];
  return [call.user.id, { organizationId: call.organization?.id ?? null }];
}

/** Whatever is pushed is told. */
export function scriptedNotify(): NotifyPort {
  return { notify: async () => 'evt_1' };
}

/** Instances of everybody who is asked for. */
export function scriptedInstances(): InstancesPort {
  return {
    findUserInstance: (who) => anInstance(typeof who === 'string' ? who : who.id),
    connectUserWhatsApp: async (call) => ({
      ...{ created: true, instance: anInstance(...whose(call)) },
      qr: { qrCode: 'data:image/png;base64,AA==', code: '2@ref', expiresAt: NOW },
    }),
  };
}
