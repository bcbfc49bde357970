import { Clients } from '../integration/clients.js';
import type { WhatsAppIntegrationService } from '../integration/whatsapp-integration-service.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Sender } from '../outbound/sender.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

export interface PoolPartsDeps {
  journal: Journal;
  pool: WhatsAppPoolManager;
  integration: WhatsAppIntegrationService;
  sender: Sender;
  clock: Clock;
}

/** What stands on the pool beside the connections' own use cases. */
export interface PoolParts {
  clients: Clients;
}

/** Builds it; from here on a client counts the messages that WhatsApp has accepted of it. */
export function poolParts({ journal, pool, integration, sender, clock }: PoolPartsDeps): PoolParts {
  sender.events.on('sent', ({ connectionId }) => pool.get(connectionId)?.sent());
  const clients = new Clients({ journal, pool, connections: integration.connections, clock });
  return { clients };
}
