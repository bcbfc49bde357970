import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { loadConfig } from '../src/config/load-config.js';
import { createGateway, type Gateway } from '../src/gateway.js';
import type { NewEvent } from '../src/journal/webhooks/records.js';
import { createLog, type ClosableLog } from '../src/lib/create-log.js';
import { serve } from './stage/remote.js';
import { aMessage, monotonicMs, paced } from './stage/socket-load.js';
import { usage } from './stage/usage.js';

/** One of two servers with the same clients: a bare socket.io, or the whole gateway as `main.ts` starts it. */
let gateway: Gateway | null = null;
let log: ClosableLog | null = null;
let bare: Server | null = null;

const api = {
  /** socket.io as its own examples use it: a client says its room, nobody asks who it is, nothing is kept. */
  startBare: async () => {
    const http = createServer();
    bare = new Server(http);
    bare.on('connection', (socket) => {
      void socket.join((socket.handshake.auth as { room: string }).room);
      socket.emit('ready', {});
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  },

  /** @param settings environment variables of the gateway */
  startGateway: async (settings: Record<string, string>) => {
    const config = loadConfig(settings);
    log = createLog({ dir: config.logDir, level: config.logLevel, console: false });
    gateway = await createGateway(config, { log });
    await gateway.start();
    return gateway.parts.http.address().url;
  },

  /** Tells an event to one room after the other. @returns when each was told */
  tell: async (owners: string[], perSecond: number, seconds: number) => {
    const told: number[] = [];
    const before = usage();
    await paced(perSecond, seconds, (n) => {
      const event = aMessage(n, owners[n % owners.length]!);
      told[n] = monotonicMs();
      if (bare) bare.to(event.ownerId!).emit(event.type, bodyOf(event));
      else void gateway?.parts.journal.webhooks.append([event]);
    });
    const after = usage();
    return { told, cpuMs: after.cpuMs - before.cpuMs, rssAnonMb: after.rssAnonMb };
  },
};

export type SocketServerApi = typeof api;

/** The body that the gateway sends. */
function bodyOf({ id, type, at, connectionId, ownerId, data }: NewEvent) {
  return { id, type, timestamp: new Date(at).toISOString(), connectionId, ownerId, data };
}

serve(api, async () => {
  await gateway?.stop();
  await log?.close();
  bare?.disconnectSockets(true);
});
