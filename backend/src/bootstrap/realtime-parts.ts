import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { AccessService } from '../access/access-service.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { socketProblem } from '../http/middleware/local-caller.js';
import { qrImage } from '../integration/qr-image.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import { RealtimeServer } from '../notifications/realtime/realtime-server.js';

/** The WebSocket server with what it hangs on. */
export interface RealtimeParts {
  server: RealtimeServer;
  /** On this HTTP server; does nothing but clear up with REALTIME_ENABLED=false. */
  start(http: Server): Promise<void>;
  stop(): Promise<void>;
}

/** Figures of a moment: who is there is told, nobody is told later. Everything else comes by the log of events. */
const LIVE_ONLY = [
  'healthCheck',
  'watchdogStep',
  'presenceUpdated',
  'chatUpdated',
] as const satisfies (keyof GatewayEvents)[];

export function realtimeParts(deps: {
  config: GatewayConfig;
  journal: Journal;
  access: AccessService;
  events: TypedEmitter<GatewayEvents>;
  /** Told which TCP connections of the HTTP server are no strangers' any more. */
  proven: (socket: Socket) => void;
  clock: Clock;
  log: Log;
}): RealtimeParts {
  const { config, journal, access, events, proven, clock, log } = deps;
  const { enabled, path, maxClients, maxClientsPerIdentity } = config.realtime;
  const server = new RealtimeServer({
    ...{ feed: journal.webhooks.feed, qrImage, path, maxClients, maxClientsPerIdentity, proven, clock, log },
    origins: config.http.corsOrigins,
    refuses: socketProblem(config.http),
    identify: (credential) => access.identify(credential),
  });
  const undo: (() => void)[] = [];
  return {
    server,
    start: async (http) => {
      // Nobody can listen: what only listeners want need not be kept.
      if (!enabled) return journal.webhooks.feed.end();
      await server.start(http);
      undo.push(access.keys.events.on('changed', () => server.keysChanged()));
      for (const type of LIVE_ONLY) undo.push(events.on(type, (data) => tellNow(type, data)));
    },
    stop: async () => {
      for (const off of undo.splice(0)) off();
      await server.stop();
    },
  };

  function tellNow(type: (typeof LIVE_ONLY)[number], data: object): Promise<void> {
    const { connectionId = null, ...rest } = data as { connectionId?: string | null };
    const parties =
      connectionId === null ? { ownerId: null, companyId: null } : journal.webhooks.partiesOf(connectionId);
    const id = `live_${randomUUID()}`;
    return server.tellNow({ id, type, connectionId, ...parties, at: clock.now(), expiresAt: null, data: rest });
  }
}
