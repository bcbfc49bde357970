import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
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
  /** This TCP connection is no stranger's any more, or is ours to bound. */
  proven(socket: Socket): void;
  /** Sockets that have signed in; those of the root key always find a place. */
  maxClients: number;
  maxClientsPerIdentity: number;
}

/** For figures: who was not let in, and who was sent away. */
export interface RealtimeEvents {
  refused: { code: string };
  dropped: { code: DropCode };
}
