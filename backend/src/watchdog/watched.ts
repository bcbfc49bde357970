import type { ClientCalls } from '../whatsapp/client-calls.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

/** What the watchdog sees of a connection, and may do to it. */
export interface WatchedClient extends Pick<
  WhatsAppClientService,
  'connectionId' | 'estado' | 'record' | 'probes' | 'flush' | 'recycle' | 'wake'
> {
  readonly calls: Pick<ClientCalls, 'ping'>;
}

/** What the watchdog sees of the pool. */
export interface WatchedPool extends Pick<WhatsAppPoolManager, 'recreate' | 'events'> {
  list(): WatchedClient[];
  get(connectionId: string): WatchedClient | undefined;
}
