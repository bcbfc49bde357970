import type { EvolutionPool } from '../evolution/evolution-pool.js';
import { Clients } from '../integration/clients.js';
import { InstanceResets } from '../integration/instances/instance-resets.js';
import type { InstanceHealth } from '../integration/instances/instance-resource.js';
import { WhatsAppManager } from '../integration/instances/whatsapp-manager.js';
import type { Scope } from '../integration/resources.js';
import type { WhatsAppIntegrationService } from '../integration/whatsapp-integration-service.js';
import type { Journal } from '../journal/journal.js';
import { NotifyUsers } from '../integration/instances/notify-users.js';
import { ApplicationNotifications } from '../notifications/application-notifications.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { Party } from '../lib/party.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import { poolUseCases } from './pool-use-cases.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { Sender } from '../outbound/sender.js';
import { InstanceTable } from '../supabase/instances.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { WatchdogReport } from '../watchdog/watchdog-report.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

export interface PoolPartsDeps {
  journal: Journal;
  pool: WhatsAppPoolManager;
  evolution: { pool: EvolutionPool };
  /** Where new instances live. */
  instanceDriver: 'baileys' | 'evolution';
  integration: WhatsAppIntegrationService;
  sender: Sender;
  /** Asked for when somebody looks: the watchdog is made later. */
  watchdog: () => { report(): WatchdogReport; checkNow(): void };
  events: TypedEmitter<GatewayEvents>;
  database: SupabaseWhatsAppService;
  clock: Clock;
  log: Log;
}

/** What stands on the pool beside the connections' own use cases. */
export interface PoolParts {
  /** Connections as users of a connection pool know them. */
  clients: Clients;
  /** One connection per user. */
  instances: WhatsAppManager;
  /** Instances whose row somebody has deleted. */
  resets: InstanceResets;
  /** What applications push to users. */
  notifications: ApplicationNotifications;
  notify: NotifyUsers;
}

/** Builds it; from here on a client counts the messages that WhatsApp has accepted of it. */
export function poolParts({
  journal,
  pool,
  evolution,
  instanceDriver: driver,
  integration,
  sender,
  watchdog,
  database,
  events,
  clock,
  log,
}: PoolPartsDeps): PoolParts {
  sender.events.on('sent', ({ connectionId }) => {
    const client = pool.get(connectionId);
    if (client) client.sent();
    else void evolution.pool.get(connectionId)?.sent();
  });
  const { connections } = integration;
  const healthOf = (id: string) => healthIn(watchdog().report(), id);
  const resets = new InstanceResets({
    table: new InstanceTable(database),
    recordOf: (id) => pool.get(id)?.record ?? evolution.pool.get(id)?.record ?? journal.getConnection(id),
    logout: (id) => {
      const { client } = connections.sendable(id, null);
      return client ? client.logout() : connections.remote.logout(id);
    },
    databaseReason: () => database.reason,
    clock,
    log,
  });
  const remove = (id: string, scope: Scope | null) => integration.deleteConnection(id, scope);
  const clients = new Clients({ journal, pool, evolution: evolution.pool, connections, remove, clock });
  const instances = new WhatsAppManager({ journal, pool, evolution, connections, healthOf, driver, clock });
  pool.serve(poolUseCases({ clients, integration, watchdog, events }));
  const notifications = new ApplicationNotifications({ store: journal.webhooks, clock });
  const findInstance = (user: Party, scope: Scope | null) => instances.findUserInstance(user, scope);
  const notify = new NotifyUsers({ notifications, findInstance });
  return { resets, clients, instances, notifications, notify };
}

function healthIn({ connections }: WatchdogReport, id: string): InstanceHealth | null {
  const watched = connections.find(({ connectionId }) => connectionId === id);
  if (!watched) return null;
  const { status, consecutiveFailures, healthyForMs: uptimeMs, lastCheckAt, problems } = watched;
  return { status, consecutiveFailures, uptimeMs, lastCheckAt, problems };
}
