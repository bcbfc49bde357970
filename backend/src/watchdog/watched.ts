import type { ClientCalls } from '../whatsapp/client-calls.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

/** What the watchdog sees of a connection, and may do to it. */
export interface WatchedClient extends Pick<
  WhatsAppClientService,
  'connectionId' | 'estado' | 'record' | 'probes' | 'flush' | 'recycle' | 'wake'
> {
  /** null: its socket is at another server, which alone can ask WhatsApp for a sign of life. */
  readonly calls: Pick<ClientCalls, 'ping'> | null;
}

/** What the watchdog sees of the pool. */
export interface WatchedPool extends Pick<WhatsAppPoolManager, 'recreate' | 'events'> {
  list(): WatchedClient[];
  get(connectionId: string): WatchedClient | undefined;
}

/** A connection at another server, of which only the state is known: it is judged and told, never mended from here. */
export function watchedRemote(
  remote: Pick<WhatsAppClientService, 'connectionId' | 'estado' | 'record'>,
): WatchedClient {
  return {
    connectionId: remote.connectionId,
    estado: remote.estado,
    record: remote.record,
    probes: { lastFrameAt: null, oldestUnfinishedAt: null, reconnectTries: 0 },
    calls: null,
    flush: () => undefined,
    recycle: () => undefined,
    wake: () => false,
  };
}
