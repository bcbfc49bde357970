import type { IncomingMessage } from 'node:http';
import type { EventFeed } from '../../journal/webhooks/event-feed.js';
import type { DropCode, ListenersDeps } from './listeners.js';

/** What the WebSocket server hangs on. */
export interface RealtimeDeps extends ListenersDeps {
  feed: EventFeed;
  qrImage(code: string): Promise<string>;
  /** Why a request may not even begin (Host, Origin); null = it may. */
  refuses(req: IncomingMessage): string | null;
  /** `/socket.io` unless said otherwise. */
  path: string;
  /** Origins as browsers send them, or `*`. */
  origins: readonly string[];
  maxClients: number;
  maxClientsPerIdentity: number;
}

/** For figures: who was not let in, and who was sent away. */
export interface RealtimeEvents {
  refused: { code: string };
  dropped: { code: DropCode };
}
